import { createHash, randomUUID } from 'node:crypto'
import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import aws4 from 'aws4'
import type { Endpoint } from '../src/index.ts'

export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  readonly text: string
  /** S3's code of a refusal. */
  readonly code: string | undefined
}

export interface Asking {
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
}

/** Signed requests, bare: node:http, since fetch would tidy up the keys. No retry. */
export class Client {
  readonly bucket: string
  readonly #server: Pick<Endpoint, 'endpoint' | 'accessKey' | 'secretKey'>
  readonly #agent = new Agent({ keepAlive: true })

  constructor(server: Pick<Endpoint, 'endpoint' | 'accessKey' | 'secretKey'>, bucket: string) {
    this.#server = server
    this.bucket = bucket
  }

  /** Of a server, with a new bucket. */
  static async onNewBucket(
    server: Pick<Endpoint, 'endpoint' | 'accessKey' | 'secretKey'>,
  ): Promise<Client> {
    const client = new Client(server, `bucket-${randomUUID()}`)
    const made = await client.send('PUT', undefined)
    if (made.status !== 200) throw new Error(`no bucket: ${made.status} ${made.text}`)
    return client
  }

  /** No key: the bucket. */
  send(method: string, key: string | undefined, asking: Asking = {}): Promise<Reply> {
    const { endpoint, accessKey, secretKey } = this.#server
    const { host, hostname, port } = new URL(endpoint)
    const query = Object.entries(asking.query ?? {})
      .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
      .join('&')
    const path = `/${this.bucket}${key === undefined ? '' : `/${encodeKey(key)}`}${query === '' ? '' : `?${query}`}`
    const body = Buffer.from(asking.body ?? '')
    const signed = aws4.sign(
      {
        service: 's3',
        region: 'us-east-1',
        method,
        host,
        path,
        headers: {
          'x-amz-content-sha256': createHash('sha256').update(body).digest('hex'),
          'content-length': body.length,
          ...asking.headers,
        },
      },
      { accessKeyId: accessKey, secretAccessKey: secretKey },
    )
    return new Promise((resolve, reject) => {
      const outgoing = request(
        { hostname, port, method, path, headers: signed.headers, agent: this.#agent },
        (answer) => {
          const chunks: Buffer[] = []
          answer.on('data', (chunk: Buffer) => chunks.push(chunk))
          answer.once('error', reject)
          answer.once('end', () => {
            const whole = Buffer.concat(chunks)
            const text = whole.toString()
            resolve({
              status: answer.statusCode ?? 0,
              headers: answer.headers,
              body: whole,
              text,
              code: /<Code>(.*?)<\/Code>/.exec(text)?.[1],
            })
          })
        },
      )
      outgoing.once('error', reject)
      outgoing.end(body)
    })
  }

  async put(key: string, body: string | Buffer, headers?: Asking['headers']): Promise<string> {
    const reply = await this.send('PUT', key, {
      body,
      ...(headers === undefined ? {} : { headers }),
    })
    if (reply.status !== 200) throw new Error(`${key}: ${reply.status} ${reply.text}`)
    return bare(reply.headers.etag)
  }

  close(): void {
    this.#agent.destroy()
  }
}

function encodeKey(key: string): string {
  return encodeURIComponent(key)
    .replaceAll('%2F', '/')
    .replaceAll(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)
}

export function bare(etag: string | undefined): string {
  return (etag ?? '').replaceAll('"', '')
}

/** The texts of all elements of that name, as they stand in the document. */
export function all(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(
    ([, text = '']) => text,
  )
}
