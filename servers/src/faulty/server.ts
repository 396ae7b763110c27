import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Answer, Coded } from './answer.ts'
import { type Fault, type FaultRule, Faults, type InjectedFault } from './faults.ts'
import { receive } from './receive.ts'
import { flip, send, spoil } from './send.ts'

export interface FaultyOptions<R extends FaultyRequest> {
  readonly faults?: readonly FaultRule<R>[]
  /** Of the probabilities of faults. */
  readonly seed?: number
}

/** One request, read but for its body. */
export interface FaultyRequest {
  readonly operation: string
  readonly bucket: string
  readonly key: string
}

/** One request, in the order of arrival. */
export interface LogEntry<Operation extends string = string> {
  readonly operation: Operation
  readonly bucket: string
  readonly key: string
  /** What was answered, or was about to be: see `fault`. 0 where nothing was done. */
  readonly status: number
  /** The store's code of a refusal. */
  readonly code?: string
  /** Bytes of the request's body. */
  readonly up: number
  readonly fault?: Fault['kind']
}

/** Within the bytes of a body that ends with some framing. */
const NEAR_END = 100

/** A store in this process, in memory, that fails as it is told to. What its requests mean is for each kind of store to say. */
export abstract class FaultyServer<R extends FaultyRequest> {
  abstract readonly name: string
  endpoint = ''
  /** By operation, those included that a fault or an error ended. */
  requests: Partial<Record<R['operation'], number>> = {}
  /** Of bodies, as they went over the wire. */
  bytes = { up: 0, down: 0 }
  log: LogEntry<R['operation']>[] = []
  readonly #faults: Faults<R>
  readonly #http = createServer((message, response) => {
    void this.#serve(message, response)
  })

  constructor({ faults = [], seed = 1 }: FaultyOptions<R>) {
    this.#faults = new Faults(seed)
    for (const rule of faults) this.#faults.inject(rule)
  }

  protected abstract read(message: IncomingMessage): R
  /** Synchronous: the condition and the write are one step. What it throws becomes the answer, by `refusal`. */
  protected abstract act(request: R, body: Buffer, fault: Fault | undefined): Answer
  protected abstract refusal(error: unknown, request?: R): Coded
  /** Headers of every answer. */
  protected abstract headers(): Readonly<Record<string, string>>

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', reject)
      this.#http.listen(0, '127.0.0.1', resolve)
    })
    const address = this.#http.address()
    if (typeof address !== 'object' || address === null) throw new Error('the server has no port')
    this.endpoint = `http://127.0.0.1:${address.port}`
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

  inject(rule: FaultRule<R>): InjectedFault {
    return this.#faults.inject(rule)
  }

  /** From now on nothing fails. */
  clearFaults(): void {
    this.#faults.clear()
  }

  /** Counts from zero again. */
  resetCounts(): void {
    this.requests = {}
    this.bytes = { up: 0, down: 0 }
    this.log = []
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    // Clients go away in the middle, and faults make them.
    response.on('error', () => undefined)
    let request: R
    try {
      request = this.read(message)
    } catch (error) {
      await this.#send(response, this.refusal(error), undefined)
      return
    }
    const operation: R['operation'] = request.operation
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
    if (fault?.kind === 'impostor') {
      const { status = 200, headers = {}, body = '' } = fault
      this.#note(request, { status }, up, fault)
      await send(response, { status, headers, body }, undefined, () => undefined)
      return
    }
    if (fault?.kind === 'flip-bit-up' && wire.length > 0)
      flip(wire, fault.at ?? Math.max(wire.length - NEAR_END, 0))
    await this.begin?.(request)
    const answer = this.#answer(request, wire, fault)
    this.#note(request, answer, up, fault)
    if (fault?.kind === 'lose-response') message.socket.destroy()
    else await this.#send(response, spoil(answer, fault), fault)
  }

  /** Before anything is done, with the request whole. */
  protected begin?(request: R): Promise<void>

  /** No `await` in here. */
  #answer(request: R, wire: Buffer, fault: Fault | undefined): Coded {
    try {
      return this.act(request, wire, fault)
    } catch (error) {
      return this.refusal(error, request)
    }
  }

  #note(request: R, { status, code }: Coded, up: number, fault: Fault | undefined): void {
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
    const answer = {
      status,
      headers: { ...this.headers(), ...headers },
      ...(body === undefined ? {} : { body }),
    }
    await send(response, answer, fault, (count) => {
      this.bytes.down += count
    })
  }
}
