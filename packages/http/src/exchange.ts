import { Readable } from 'node:stream'
import type { Memory } from '@lsync/core/provider'
import { onceAborted } from './on-abort.ts'
import { Pieces } from './pieces.ts'

/** What is sent, by the connection layer's own names. */
export interface Outgoing {
  readonly origin: string
  readonly path: string
  readonly method: string
  /** Names and values in turn. */
  readonly headers: string[]
  readonly body: Uint8Array | Readable | null
  /** Milliseconds until the answer begins; else the connection's own limit. */
  readonly headersTimeout?: number
  /** For what must be held of a good answer's body: all of a small one, which whoever takes `whole` gives back; chunks else, good until the next one is asked for. */
  readonly memory?: Memory | undefined
}

export interface Answer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: AnswerBody
}

/** The hand on a request under way. */
export interface AnswerControl {
  readonly paused: boolean
  /** Called while a chunk is given: no more of them for now. */
  pause(): void
  resume(): void
  abort(reason: Error): void
}

/** Hears what becomes of a request: one end or one error. */
export interface AnswerHandler {
  /** There is a connection; nothing has been sent. */
  onRequestStart(control: AnswerControl): void
  onResponseStart(control: AnswerControl, status: number, headers: Answer['headers']): void
  /** The chunk is good until this returns. */
  onResponseData(control: AnswerControl, chunk: Buffer): void
  onResponseEnd(): void
  onResponseError(control: AnswerControl, error: Error): void
}

/** Connections that are kept: our own, or undici's, which know proxies. */
export interface Dispatcher {
  dispatch(request: Outgoing, handler: AnswerHandler): unknown
  destroy(): Promise<void>
}

/** Read to its end, or destroyed: else its connection is not free again. Errors are those of the connection, or the signal's reason. */
export interface AnswerBody extends AsyncIterable<Uint8Array> {
  /** All of it, where it is small: then it was waited for, and nothing is left to fail. */
  readonly whole?: Uint8Array
  destroy(): void
}

/** Up to here an answer is waited for as a whole: a stream for it would cost more than its bytes. */
const SMALL = 256 * 1024

/**
 * One request and its answer. A small answer has no stream, no event emitter and no listener to the signal of its own: they are half of what a small
 * request costs.
 *
 * @param onAnswer hears how many milliseconds the answer took to begin, once there was a connection
 */
export function exchange(
  dispatcher: Pick<Dispatcher, 'dispatch'>,
  request: Outgoing,
  signal: AbortSignal,
  onAnswer: (milliseconds: number) => void,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    dispatcher.dispatch(request, new Exchange(request, signal, { onAnswer, resolve, reject }))
  })
}

/** Who waits for an answer. */
interface Waiter {
  readonly onAnswer: (milliseconds: number) => void
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

class Exchange implements AnswerHandler {
  readonly #request: Outgoing
  readonly #waiter: Waiter
  #forget: () => void = () => undefined
  #controller: AnswerControl | undefined
  #aborted: { readonly reason: unknown } | undefined
  #begun = 0
  #status = 0
  #headers: Answer['headers'] = {}
  /** Of a small answer, filled up to `#gathered`. */
  #whole: Uint8Array | undefined
  #gathered = 0
  #stream: Stream | undefined

  constructor(request: Outgoing, signal: AbortSignal, waiter: Waiter) {
    this.#request = request
    this.#waiter = waiter
    this.#forget = onceAborted(signal, (reason) => {
      this.#aborted = { reason }
      this.#stream?.drop()
      this.#controller?.abort(asError(reason))
      // A request that waits for a connection is not heard of before it gets one.
      this.#fail(reason)
    })
  }

  onRequestStart(controller: AnswerControl): void {
    this.#controller = controller
    this.#begun = performance.now()
    if (this.#aborted !== undefined) controller.abort(asError(this.#aborted.reason))
  }

  onResponseStart(controller: AnswerControl, status: number, headers: Answer['headers']): void {
    // 1xx: the answer itself is still to come.
    if (status < 200) return
    this.#waiter.onAnswer(performance.now() - this.#begun)
    this.#status = status
    this.#headers = headers
    const length = this.#request.method === 'HEAD' ? 0 : Number(headers['content-length'])
    if (length >= 0 && length <= SMALL) {
      this.#whole = this.#memory?.take(length) ?? Buffer.allocUnsafe(length)
      return
    }
    this.#stream = new Stream(controller, this.#memory)
    this.#waiter.resolve({ status, headers, body: this.#stream })
  }

  onResponseData(_controller: AnswerControl, chunk: Buffer): void {
    // Copied either way: a chunk lies in memory that its socket uses again.
    if (this.#whole === undefined) this.#stream?.push(chunk)
    else this.#gathered += chunk.copy(this.#whole, this.#gathered)
  }

  onResponseEnd(): void {
    this.#forget()
    this.#stream?.end()
    if (this.#whole !== undefined) this.#resolveWith(this.#whole)
  }

  #resolveWith(whole: Uint8Array): void {
    this.#waiter.resolve({
      status: this.#status,
      headers: this.#headers,
      body: new Whole(whole.subarray(0, this.#gathered), this.#memory),
    })
  }

  /** A refusal's text is read by who gives nothing back. */
  get #memory(): Memory | undefined {
    return this.#status < 300 ? this.#request.memory : undefined
  }

  onResponseError(_controller: AnswerControl, error: Error): void {
    this.#fail(error)
  }

  #fail(error: unknown): void {
    this.#forget()
    const { body } = this.#request
    if (body instanceof Readable && !body.destroyed) body.on('error', () => undefined).destroy()
    this.#stream?.fail(error)
    // A refusal is one, also where its reason did not arrive whole: some servers say no and hang up.
    if (this.#whole !== undefined && this.#status >= 300 && this.#aborted === undefined)
      this.#resolveWith(this.#whole)
    else this.#waiter.reject(error)
  }
}

class Whole implements AnswerBody {
  readonly whole: Uint8Array
  readonly #memory: Memory | undefined

  constructor(whole: Uint8Array, memory: Memory | undefined) {
    this.whole = whole
    this.#memory = memory
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    if (this.whole.length > 0) yield this.whole
    this.#memory?.giveBack(this.whole)
  }

  destroy(): void {}
}

class Stream implements AnswerBody {
  readonly #controller: AnswerControl
  readonly #pieces: Pieces
  #ended = false
  #failure: { readonly error: unknown } | undefined
  #wake: () => void = () => undefined

  constructor(controller: AnswerControl, memory: Memory | undefined) {
    this.#controller = controller
    this.#pieces = new Pieces(memory)
  }

  push(chunk: Uint8Array): void {
    if (this.#failure !== undefined) return
    this.#pieces.add(chunk, performance.now())
    if (this.#pieces.isFull) this.#controller.pause()
    if (this.#pieces.isReady) this.#wake()
  }

  end(): void {
    this.#ended = true
    this.#wake()
  }

  fail(error: unknown): void {
    if (this.#ended) return
    this.#failure ??= { error }
    this.#wake()
  }

  /** Nobody wants what has arrived. */
  drop(): void {
    this.#pieces.drop()
  }

  destroy(): void {
    this.drop()
    if (this.#ended || this.#failure !== undefined) return
    this.#failure = { error: new Error('the answer was given up') }
    this.#controller.abort(new Error('the answer was given up'))
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    try {
      for (;;) {
        const isOver = this.#ended || this.#failure !== undefined
        // What arrived before a failure is good: whoever reads can go on behind it.
        const piece = isOver || this.#pieces.isReady ? this.#pieces.take() : undefined
        if (piece !== undefined) {
          if (this.#controller.paused && this.#pieces.hasRoom) this.#controller.resume()
          yield piece
          this.#pieces.giveBack(piece)
          continue
        }
        if (this.#failure !== undefined) throw this.#failure.error
        if (this.#ended) return
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
    } finally {
      this.destroy()
    }
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason })
}
