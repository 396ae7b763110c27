import type { IncomingMessage } from 'node:http'
import type { Answer, Coded } from '../faulty/answer.ts'
import type { Fault, FaultRule, InjectedFault } from '../faulty/faults.ts'
import { FaultyServer, type FaultyOptions, type LogEntry } from '../faulty/server.ts'
import type { Context, GcsHonours } from './context.ts'
import { errorDocument, GcsError } from './errors.ts'
import type { GcsOperation } from './operations.ts'
import { type GcsRequest, readRequest } from './request.ts'
import { route } from './router.ts'
import { Store } from './store.ts'

export interface FaultyGcsOptions extends Partial<GcsHonours>, FaultyOptions<GcsRequest> {
  /** Made at the start. */
  readonly buckets?: readonly string[]
  /** Whether these keep generations that are replaced or removed; default not. */
  readonly versioning?: boolean
  /** Requests without this token are refused. Default: nobody is asked who he is. */
  readonly token?: string
  /** Objects on a page of a listing, at most; 1000 as on Google's by default. */
  readonly pageSize?: number
  /** Bytes that one call of a rewrite copies, at most; default all. */
  readonly rewriteSize?: number
  /** The server's clock, milliseconds since the epoch. */
  readonly now?: () => number
}

/** The JSON API of Cloud Storage in this process, in memory, that fails as it is told to. Atomic per object, as Google's is. */
export interface FaultyGcs {
  /** Leads whoever reads it here, with credentials that are taken. */
  readonly environment: Readonly<Record<string, string>>
  readonly name: string
  /** `http://host:port`: what STORAGE_EMULATOR_HOST takes. */
  readonly endpoint: string
  readonly requests: Readonly<Partial<Record<GcsOperation, number>>>
  readonly bytes: { readonly up: number; readonly down: number }
  readonly log: readonly LogEntry<GcsOperation>[]
  createBucket(name: string): Promise<void>
  inject(rule: FaultRule<GcsRequest>): InjectedFault
  clearFaults(): void
  resetCounts(): void
  stop(): Promise<void>
}

/** Starts it on a free port of loopback. */
export async function startFaultyGcs(options: FaultyGcsOptions = {}): Promise<FaultyGcs> {
  const faulty = new Server(options)
  await faulty.listen()
  return faulty
}

class Server extends FaultyServer<GcsRequest> implements FaultyGcs {
  readonly name = 'faulty-gcs'
  readonly #token: string | undefined
  readonly #context: Context

  constructor(options: FaultyGcsOptions) {
    super(options)
    this.#token = options.token
    this.#context = {
      store: new Store(),
      honours: {
        conditionalDelete: options.conditionalDelete ?? true,
        conditionalRewrite: options.conditionalRewrite ?? true,
        generationHeaders: options.generationHeaders ?? true,
      },
      pageSize: options.pageSize ?? 1000,
      rewriteSize: options.rewriteSize ?? Number.POSITIVE_INFINITY,
      now: options.now ?? Date.now,
      origin: () => this.endpoint,
      hidden: () => false,
      keeps: Number.POSITIVE_INFINITY,
    }
    for (const bucket of options.buckets ?? [])
      this.#context.store.create(bucket, this.#context.now(), options.versioning)
  }

  get environment(): Readonly<Record<string, string>> {
    return { STORAGE_EMULATOR_HOST: this.endpoint }
  }

  async createBucket(name: string): Promise<void> {
    this.#context.store.create(name, this.#context.now())
  }

  protected read(message: IncomingMessage): GcsRequest {
    return readRequest(message)
  }

  protected act(request: GcsRequest, body: Buffer, fault: Fault | undefined): Answer {
    if (this.#token !== undefined && request.headers['authorization'] !== `Bearer ${this.#token}`)
      throw new GcsError(401, 'authError', 'Invalid Credentials')
    const refused =
      fault?.kind === 'refuse'
        ? new GcsError(
            fault.status,
            fault.code,
            'The server was told to fail.',
            fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) },
          )
        : undefined
    if (refused !== undefined && fault?.kind === 'refuse' && fault.acted !== true) throw refused
    const answer = route(
      {
        ...this.#context,
        ...(fault?.kind === 'stale-listing' ? { hidden: fault.hidden } : {}),
        ...(fault?.kind === 'keep-part' ? { keeps: fault.bytes } : {}),
      },
      request,
      body,
    )
    if (refused !== undefined) throw refused
    return answer
  }

  protected refusal(error: unknown): Coded {
    const refused =
      error instanceof GcsError
        ? error
        : new GcsError(
            500,
            'internalError',
            error instanceof Error ? (error.stack ?? '') : String(error),
          )
    return {
      status: refused.status,
      code: refused.reason,
      headers: { 'content-type': 'application/json; charset=UTF-8', ...refused.headers },
      body: errorDocument(refused),
    }
  }

  protected headers(): Readonly<Record<string, string>> {
    return { date: new Date(this.#context.now()).toUTCString(), server: 'lsync-faulty-gcs' }
  }
}
