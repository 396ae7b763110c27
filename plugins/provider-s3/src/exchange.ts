import { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { onceAborted } from './on-abort.ts'

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
}

export interface Answer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: AnswerBody
}

/** Read to its end, or destroyed: else its connection is not free again. Errors are those of the connection, or the signal's reason. */
export interface AnswerBody extends AsyncIterable<Uint8Array> {
  /** All of it, where it is small: then it was waited for, and nothing is left to fail. */
  readonly whole?: Uint8Array
  destroy(): void
}

/** Up to here an answer is waited for as a whole: a stream for it would cost more than its bytes. */
const SMALL = 256 * 1024
/** So much waits for who reads it before the other side is held up; taken up again at half of it. */
const MOST_WAITING = 256 * 1024

/**
 * @param onAnswer hears how long the answer took to begin, once there was a connection
 *
 * One request and its answer, by undici's lowest layer: its `request` makes a stream, an event emitter and a listener to the signal for each, which
 * is half of what a small request costs.
 */
export function exchange(
  dispatcher: Pick<Dispatcher, 'dispatch'>,
  request: Outgoing,
  signal: AbortSignal,
  onAnswer: (milliseconds: number) => void,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    dispatcher.dispatch(request, new Exchange(request, signal, onAnswer, resolve, reject))
  })
}

class Exchange implements Dispatcher.DispatchHandler {
  readonly #request: Outgoing
  readonly #onAnswer: (milliseconds: number) => void
  readonly #resolve: (answer: Answer) => void
  readonly #reject: (error: unknown) => void
  #forget: () => void = () => undefined
  #controller: Dispatcher.DispatchController | undefined
  #aborted: { readonly reason: unknown } | undefined
  #begun = 0
  #status = 0
  #headers: Answer['headers'] = {}
  #chunks: Uint8Array[] | undefined
  #gathered = 0
  #stream: Stream | undefined

  constructor(
    request: Outgoing,
    signal: AbortSignal,
    onAnswer: (milliseconds: number) => void,
    resolve: (answer: Answer) => void,
    reject: (error: unknown) => void,
  ) {
    this.#request = request
    this.#onAnswer = onAnswer
    this.#resolve = resolve
    this.#reject = reject
    this.#forget = onceAborted(signal, (reason) => {
      this.#aborted = { reason }
      this.#stream?.drop()
      this.#controller?.abort(asError(reason))
      // A request that waits for a connection is not heard of before it gets one.
      this.#fail(reason)
    })
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    this.#begun = performance.now()
    if (this.#aborted !== undefined) controller.abort(asError(this.#aborted.reason))
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Answer['headers'],
  ): void {
    // 1xx: the answer itself is still to come.
    if (status < 200) return
    this.#onAnswer(performance.now() - this.#begun)
    this.#status = status
    this.#headers = headers
    const length = headers['content-length']
    if (this.#request.method === 'HEAD' || (length !== undefined && Number(length) <= SMALL)) {
      this.#chunks = []
      return
    }
    this.#stream = new Stream(controller)
    this.#resolve({ status, headers, body: this.#stream })
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#chunks === undefined) {
      this.#stream?.push(chunk)
      return
    }
    this.#chunks.push(chunk)
    this.#gathered += chunk.length
  }

  onResponseEnd(): void {
    this.#forget()
    this.#stream?.end()
    if (this.#chunks !== undefined) this.#resolveWith(this.#chunks)
  }

  #resolveWith(chunks: readonly Uint8Array[]): void {
    this.#resolve({
      status: this.#status,
      headers: this.#headers,
      body: new Whole(joined(chunks, this.#gathered)),
    })
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error)
  }

  #fail(error: unknown): void {
    this.#forget()
    const { body } = this.#request
    if (body instanceof Readable && !body.destroyed) body.on('error', () => undefined).destroy()
    this.#stream?.fail(error)
    // A refusal is one, also where its reason did not arrive whole: some servers say no and hang up.
    if (this.#chunks !== undefined && this.#status >= 300 && this.#aborted === undefined)
      this.#resolveWith(this.#chunks)
    else this.#reject(error)
  }
}

class Whole implements AnswerBody {
  readonly whole: Uint8Array

  constructor(whole: Uint8Array) {
    this.whole = whole
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    if (this.whole.length > 0) yield this.whole
  }

  destroy(): void {}
}

class Stream implements AnswerBody {
  readonly #controller: Dispatcher.DispatchController
  readonly #waiting: Uint8Array[] = []
  #bytes = 0
  #ended = false
  #failure: { readonly error: unknown } | undefined
  #wake: () => void = () => undefined

  constructor(controller: Dispatcher.DispatchController) {
    this.#controller = controller
  }

  push(chunk: Uint8Array): void {
    if (this.#failure !== undefined) return
    this.#waiting.push(chunk)
    this.#bytes += chunk.length
    if (this.#bytes >= MOST_WAITING) this.#controller.pause()
    this.#wake()
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
    this.#waiting.length = 0
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
        // What arrived before a failure is good: whoever reads can go on behind it.
        for (
          let chunk = this.#waiting.shift();
          chunk !== undefined;
          chunk = this.#waiting.shift()
        ) {
          this.#bytes -= chunk.length
          if (this.#controller.paused && this.#bytes <= MOST_WAITING / 2) this.#controller.resume()
          yield chunk
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

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, length)
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason })
}
