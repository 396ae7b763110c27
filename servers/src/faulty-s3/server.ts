import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Endpoint } from '../endpoint.ts'
import { receive, verifyBody } from './body.ts'
import type { Answer, Context, Honours } from './context.ts'
import { S3Error } from './errors.ts'
import { type Fault, type FaultRule, Faults, type InjectedFault } from './faults.ts'
import type { Operation } from './operations.ts'
import { readRequest, type S3Request } from './request.ts'
import { route } from './router.ts'
import { send, spoil } from './send.ts'
import { verifySignature } from './signatures.ts'
import { Store } from './store.ts'
import { errorDocument } from './xml.ts'

export interface FaultyS3Options extends Partial<Honours> {
  readonly accessKey?: string
  readonly secretKey?: string
  /** Requests that are signed for another region are refused. Default: any is taken. */
  readonly region?: string
  /** Made at the start. */
  readonly buckets?: readonly string[]
  readonly faults?: readonly FaultRule[]
  /** Of the probabilities of faults. */
  readonly seed?: number
  /** Keys on a page of a listing, at most; 1000 as on S3 by default. */
  readonly pageSize?: number
  /** The server's clock, milliseconds since the epoch: what it tells, and what it holds requests' times against. */
  readonly now?: () => number
  /** Milliseconds between the clocks from which on requests are refused; 15 minutes as on S3 by default. */
  readonly maximumSkew?: number
}

/** One request, in the order of arrival. */
export interface LogEntry {
  readonly operation: Operation
  readonly bucket: string
  readonly key: string
  /** What was answered, or was about to be: see `fault`. 0 where nothing was done. */
  readonly status: number
  /** S3's code of a refusal. */
  readonly code?: string
  /** Bytes of the request's body. */
  readonly up: number
  readonly fault?: Fault['kind']
}

/** An S3 server in this process, in memory, that fails as it is told to. Atomic per key, as S3 is. */
export interface FaultyS3 extends Endpoint {
  /** By operation, those included that a fault or an error ended. */
  readonly requests: Readonly<Partial<Record<Operation, number>>>
  /** Of bodies, as they went over the wire. */
  readonly bytes: { readonly up: number; readonly down: number }
  readonly log: readonly LogEntry[]
  inject(rule: FaultRule): InjectedFault
  /** From now on nothing fails. */
  clearFaults(): void
  /** Counts from zero again. */
  resetCounts(): void
}

const QUARTER_HOUR = 15 * 60 * 1000

/** Starts it on a free port of loopback. */
export async function startFaultyS3(options: FaultyS3Options = {}): Promise<FaultyS3> {
  const faulty = new Server(options)
  await faulty.listen()
  return faulty
}

class Server implements FaultyS3 {
  readonly name = 'faulty-s3'
  readonly accessKey: string
  readonly secretKey: string
  endpoint = ''
  requests: Partial<Record<Operation, number>> = {}
  bytes = { up: 0, down: 0 }
  log: LogEntry[] = []
  readonly #options: FaultyS3Options
  readonly #context: Context
  readonly #faults: Faults
  readonly #http = createServer((message, response) => {
    void this.#serve(message, response)
  })

  constructor(options: FaultyS3Options) {
    const { accessKey = 'lsync-tests', secretKey = 'lsync-tests-secret', seed = 1 } = options
    this.accessKey = accessKey
    this.secretKey = secretKey
    this.#options = options
    this.#faults = new Faults(seed)
    this.#context = {
      store: new Store(),
      honours: {
        conditionalDelete: options.conditionalDelete ?? true,
        conditionalCopy: options.conditionalCopy ?? true,
        conditionalComplete: options.conditionalComplete ?? true,
      },
      pageSize: options.pageSize ?? 1000,
      region: options.region ?? 'us-east-1',
      now: options.now ?? Date.now,
      hidden: () => false,
    }
    for (const rule of options.faults ?? []) this.#faults.inject(rule)
    for (const bucket of options.buckets ?? [])
      this.#context.store.create(bucket, this.#context.now())
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', reject)
      this.#http.listen(0, '127.0.0.1', resolve)
    })
    const address = this.#http.address()
    if (typeof address !== 'object' || address === null) throw new Error('the server has no port')
    this.endpoint = `http://127.0.0.1:${address.port}`
  }

  async createBucket(name: string): Promise<void> {
    this.#context.store.create(name, this.#context.now())
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#http.close(() => {
        resolve()
      })
    })
    this.#http.closeAllConnections()
    await closed
  }

  inject(rule: FaultRule): InjectedFault {
    return this.#faults.inject(rule)
  }

  clearFaults(): void {
    this.#faults.clear()
  }

  resetCounts(): void {
    this.requests = {}
    this.bytes = { up: 0, down: 0 }
    this.log = []
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    // Clients go away in the middle, and faults make them.
    response.on('error', () => undefined)
    let request: S3Request
    try {
      request = readRequest(message)
    } catch (error) {
      await this.#send(response, this.#refusal(error, ''), undefined)
      return
    }
    const { operation } = request
    this.requests[operation] = (this.requests[operation] ?? 0) + 1
    const fault = this.#faults.choose(request)
    if (fault?.kind === 'drop') {
      this.#note(request, { status: 0 }, 0, fault)
      message.socket.destroy()
      return
    }
    let up = 0
    const wire = await receive(message, (count) => {
      up += count
      this.bytes.up += count
    })
    if (wire === undefined) {
      this.#note(request, { status: 0 }, up, fault)
      return
    }
    const answer = this.#act(request, wire, fault)
    this.#note(request, answer, up, fault)
    if (fault?.kind === 'lose-response') message.socket.destroy()
    else await this.#send(response, spoil(answer, fault), fault)
  }

  /** No `await` from here to the answer: the condition and the write are one step. */
  #act(request: S3Request, wire: Buffer, fault: Fault | undefined): Coded {
    const { accessKey, secretKey } = this
    const { region, maximumSkew = QUARTER_HOUR } = this.#options
    const refused =
      fault?.kind === 'refuse'
        ? new S3Error(fault.status, fault.code, 'The server was told to fail.', {
            headers:
              fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) },
          })
        : undefined
    try {
      const now = this.#context.now()
      verifySignature(request, { accessKey, secretKey, region, now, maximumSkew })
      if (refused !== undefined && fault?.kind === 'refuse' && fault.acted !== true) throw refused
      const context =
        fault?.kind === 'stale-listing' ? { ...this.#context, hidden: fault.hidden } : this.#context
      const answer = route(context, request, verifyBody(request.headers, wire))
      if (refused !== undefined) throw refused
      return answer
    } catch (error) {
      return this.#refusal(error, `/${request.bucket}/${request.key}`)
    }
  }

  #refusal(error: unknown, resource: string): Coded {
    const { status, code, message, headers, details } =
      error instanceof S3Error
        ? error
        : new S3Error(500, 'InternalError', error instanceof Error ? (error.stack ?? '') : '')
    return {
      status,
      code,
      headers: { 'content-type': 'application/xml', ...headers },
      body: errorDocument([
        ['Code', code],
        ['Message', message],
        ...Object.entries(details),
        ['Resource', resource],
      ]),
    }
  }

  #note(request: S3Request, { status, code }: Coded, up: number, fault: Fault | undefined): void {
    const { operation, bucket, key } = request
    this.log.push({
      operation,
      bucket,
      key,
      status,
      up,
      ...(code === undefined ? {} : { code }),
      ...(fault === undefined ? {} : { fault: fault.kind }),
    })
  }

  async #send(
    response: ServerResponse,
    { status, headers, body }: Answer,
    fault: Fault | undefined,
  ): Promise<void> {
    const own = {
      date: new Date(this.#context.now()).toUTCString(),
      server: 'lsync-faulty-s3',
      'x-amz-request-id': randomUUID(),
    }
    const answer = {
      status,
      headers: { ...own, ...headers },
      ...(body === undefined ? {} : { body }),
    }
    await send(response, answer, fault, (count) => {
      this.bytes.down += count
    })
  }
}

interface Coded extends Answer {
  readonly code?: string
}
