import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import type { Endpoint } from '../endpoint.ts'
import type { Answer, Coded } from '../faulty/answer.ts'
import type { Fault, FaultRule, InjectedFault } from '../faulty/faults.ts'
import { FaultyServer, type FaultyOptions, type LogEntry } from '../faulty/server.ts'
import { verifyBody } from './body.ts'
import type { Context, Honours } from './context.ts'
import { S3Error } from './errors.ts'
import type { Operation } from './operations.ts'
import { readRequest, type S3Request } from './request.ts'
import { route } from './router.ts'
import { verifySignature } from './signatures.ts'
import { Store } from './store.ts'
import { errorDocument } from './xml.ts'

export interface FaultyS3Options extends Partial<Honours>, FaultyOptions<S3Request> {
  readonly accessKey?: string
  readonly secretKey?: string
  /** Requests that are signed for another region are refused. Default: any is taken. */
  readonly region?: string
  /** Made at the start. */
  readonly buckets?: readonly string[]
  /** Keys on a page of a listing, at most; 1000 as on S3 by default. */
  readonly pageSize?: number
  /** The server's clock, milliseconds since the epoch: what it tells, and what it holds requests' times against. */
  readonly now?: () => number
  /** Milliseconds between the clocks from which on requests are refused; 15 minutes as on S3 by default. */
  readonly maximumSkew?: number
}

/** An S3 server in this process, in memory, that fails as it is told to. Atomic per key, as S3 is. */
export interface FaultyS3 extends Endpoint {
  /** Leads whoever reads it here, with credentials that are taken. */
  readonly environment: Readonly<Record<string, string>>
  readonly requests: Readonly<Partial<Record<Operation, number>>>
  readonly bytes: { readonly up: number; readonly down: number }
  readonly log: readonly LogEntry<Operation>[]
  inject(rule: FaultRule<S3Request>): InjectedFault
  clearFaults(): void
  resetCounts(): void
}

const QUARTER_HOUR = 15 * 60 * 1000

/** Starts it on a free port of loopback. */
export async function startFaultyS3(options: FaultyS3Options = {}): Promise<FaultyS3> {
  const faulty = new Server(options)
  await faulty.listen()
  return faulty
}

class Server extends FaultyServer<S3Request> implements FaultyS3 {
  readonly name = 'faulty-s3'
  readonly accessKey: string
  readonly secretKey: string
  readonly #options: FaultyS3Options
  readonly #context: Context

  constructor(options: FaultyS3Options) {
    super(options)
    const { accessKey = 'lsync-tests', secretKey = 'lsync-tests-secret' } = options
    this.accessKey = accessKey
    this.secretKey = secretKey
    this.#options = options
    this.#context = {
      store: new Store(),
      honours: {
        conditionalWrite: options.conditionalWrite ?? true,
        oneStep: options.oneStep ?? true,
        conditionalDelete: options.conditionalDelete ?? true,
        conditionalCopy: options.conditionalCopy ?? true,
        conditionalComplete: options.conditionalComplete ?? true,
        quotedConditions: options.quotedConditions ?? true,
        byteOrder: options.byteOrder ?? true,
        folderContent: options.folderContent ?? true,
        folderObjects: options.folderObjects ?? true,
        md5Etags: options.md5Etags ?? true,
        uncheckedBodies: options.uncheckedBodies ?? true,
      },
      pageSize: options.pageSize ?? 1000,
      region: options.region ?? 'us-east-1',
      now: options.now ?? Date.now,
      hidden: () => false,
      omitted: () => false,
    }
    for (const bucket of options.buckets ?? [])
      this.#context.store.create(bucket, this.#context.now())
  }

  get environment(): Readonly<Record<string, string>> {
    return {
      AWS_ENDPOINT_URL_S3: this.endpoint,
      AWS_ACCESS_KEY_ID: this.accessKey,
      AWS_SECRET_ACCESS_KEY: this.secretKey,
      AWS_REGION: this.#context.region,
    }
  }

  async createBucket(name: string): Promise<void> {
    this.#context.store.create(name, this.#context.now())
  }

  protected read(message: IncomingMessage): S3Request {
    const request = readRequest(message)
    const { honours, store } = this.#context
    if (honours.oneStep || request.operation !== 'PutObject') return request
    return { ...request, stood: { object: store.bucket(request.bucket).get(request.key) } }
  }

  /** Long enough for others to come in between. */
  protected override async begin({ stood }: S3Request): Promise<void> {
    if (stood !== undefined) await setTimeout(20)
  }

  protected act(request: S3Request, wire: Buffer, fault: Fault | undefined): Answer {
    const { accessKey, secretKey } = this
    const { region, maximumSkew = QUARTER_HOUR } = this.#options
    const refused =
      fault?.kind === 'refuse'
        ? new S3Error(fault.status, fault.code, 'The server was told to fail.', {
            headers:
              fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) },
          })
        : undefined
    const now = this.#context.now()
    verifySignature(request, { accessKey, secretKey, region, now, maximumSkew })
    if (refused !== undefined && fault?.kind === 'refuse' && fault.acted !== true) throw refused
    const context = {
      ...this.#context,
      ...(fault?.kind === 'stale-listing' ? { hidden: fault.hidden } : {}),
      ...(fault?.kind === 'short-page' ? { omitted: fault.omitted } : {}),
    }
    const answer = route(context, request, verifyBody(request.headers, wire))
    if (refused !== undefined) throw refused
    return answer
  }

  protected refusal(error: unknown, request?: S3Request): Coded {
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
        ['Resource', request === undefined ? '' : `/${request.bucket}/${request.key}`],
      ]),
    }
  }

  protected headers(): Readonly<Record<string, string>> {
    return {
      date: new Date(this.#context.now()).toUTCString(),
      server: 'lsync-faulty-s3',
      'x-amz-request-id': randomUUID(),
    }
  }
}
