import { Chunked } from './chunked.ts'
import { ConnectionFailure } from './failure.ts'
import { type Head, parseHead } from './head.ts'

/** No server needs more. */
const LONGEST_HEAD = 32 * 1024
/** Announcements (1xx) before an answer. */
const MOST_ANNOUNCED = 16
const NOTHING = Buffer.alloc(0)

/** Hears what an answer holds; each may give the answer up, and hears no more then. */
export interface AnswerParts {
  head(head: Head): void
  /** The part is good until this returns. */
  body(part: Buffer): void
}

/** Takes one answer from what a socket reads, however it is cut. */
export class AnswerReader {
  readonly #method: string
  readonly #parts: AnswerParts
  /** Of a head that came in parts. */
  #partial: Buffer | undefined
  #announced = 0
  #head: Head | undefined
  /** Bytes of the body still to come, where they are told. */
  #left = Number.POSITIVE_INFINITY
  #chunked: Chunked | undefined
  #isGivenUp = false

  /** @param method of the request */
  constructor(method: string, parts: AnswerParts) {
    this.#method = method
    this.#parts = parts
  }

  get head(): Head | undefined {
    return this.#head
  }

  /** Nothing more is heard of it. */
  giveUp(): void {
    this.#isGivenUp = true
  }

  /** @returns what came behind the end, once it came; undefined before. ConnectionFailure `BAD_ANSWER`. */
  read(bytes: Buffer): Buffer | undefined {
    const rest = this.#head === undefined ? this.#readHead(bytes) : bytes
    if (rest === undefined || this.#isGivenUp) return undefined
    return this.#readBody(rest)
  }

  /** That nothing more comes is its end. */
  get endsWithConnection(): boolean {
    return this.#head?.framing === 'until-close'
  }

  /** @returns what came behind the head */
  #readHead(bytes: Buffer): Buffer | undefined {
    let rest = this.#partial === undefined ? bytes : Buffer.concat([this.#partial, bytes])
    this.#partial = undefined
    for (;;) {
      const end = rest.indexOf('\r\n\r\n')
      if ((end < 0 ? rest.length : end) > LONGEST_HEAD)
        throw new ConnectionFailure('BAD_ANSWER', 'the head of its answer has no end')
      if (end < 0) {
        if (rest.length > 0) this.#partial = Buffer.from(rest)
        return undefined
      }
      const head = parseHead(rest.toString('latin1', 0, end), this.#method)
      rest = rest.subarray(end + 4)
      if (head.status >= 200) {
        this.#begin(head)
        return rest
      }
      // 1xx: the answer itself is still to come.
      if (++this.#announced > MOST_ANNOUNCED)
        throw new ConnectionFailure('BAD_ANSWER', 'it announces answers and gives none')
    }
  }

  #begin(head: Head): void {
    this.#head = head
    if (head.framing === 'chunked') this.#chunked = new Chunked()
    else if (head.framing !== 'until-close') this.#left = head.framing.length
    this.#parts.head(head)
  }

  #readBody(bytes: Buffer): Buffer | undefined {
    const chunked = this.#chunked
    if (chunked !== undefined) {
      const rest = chunked.read(bytes, (part) => {
        if (!this.#isGivenUp) this.#parts.body(part)
      })
      return chunked.isDone && !this.#isGivenUp ? rest : undefined
    }
    const part = bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes
    this.#left -= part.length
    if (part.length > 0) this.#parts.body(part)
    if (this.#left > 0 || this.#isGivenUp) return undefined
    return part.length === bytes.length ? NOTHING : bytes.subarray(part.length)
  }
}
