/** A server that tests can talk to, on loopback. */
export interface Endpoint {
  readonly name: string
  /** `http://host:port` */
  readonly endpoint: string
  readonly accessKey: string
  readonly secretKey: string
  createBucket(name: string): Promise<void>
  stop(): Promise<void>
}
