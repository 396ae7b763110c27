import type { AnswerControl, AnswerHandler, Outgoing } from './exchange.ts'
import { requestHead } from './head.ts'

/** The connection that carries a request. */
interface Carrier {
  /** Reads on, where it was held up. */
  readOn(): void
  giveUp(reason: Error): void
}

/** A request on its way, and the hand that its handler has on it. */
export class Call implements AnswerControl {
  readonly request: Outgoing
  readonly handler: AnswerHandler
  /** What goes before the body, and the bytes of the body that it announces. */
  readonly head: string
  readonly length: number
  /** Where it is under way; undefined before and after. */
  channel: Carrier | undefined
  /** Milliseconds without a byte, until the other side counts as gone. */
  patience: number
  readonly #longestAnswer: number
  paused = false
  /** Why it was given up. */
  reason: Error | undefined

  /** ConnectionFailure `BAD_REQUEST`. */
  constructor(request: Outgoing, handler: AnswerHandler, host: string, silence: number) {
    const { head, length } = requestHead(request, host)
    this.request = request
    this.handler = handler
    this.head = head
    this.length = length
    this.#longestAnswer = request.headersTimeout ?? silence
    this.patience = this.#longestAnswer
  }

  /**
   * For whoever waits for the answer to begin, on a line that may take so many milliseconds for what is sent over it. It grows no shorter again: when others'
   * bodies have arrived, this one has waited for them.
   */
  waitForLine(milliseconds: number): void {
    this.patience = Math.max(this.patience, this.#longestAnswer + milliseconds)
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    if (!this.paused) return
    this.paused = false
    this.channel?.readOn()
  }

  abort(reason: Error): void {
    this.reason ??= reason
    this.channel?.giveUp(reason)
  }
}
