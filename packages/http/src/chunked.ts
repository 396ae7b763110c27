import { ConnectionFailure } from './failure.ts'

/** Of a line that tells a size or a trailer: no server needs more. */
const LONGEST_LINE = 8 * 1024
const SIZE = /^([\da-f]{1,12})[\t ]*(?:;.*)?$/i
const NEWLINE = 0x0a

/** The chunked transfer coding of RFC 9112, 7.1. Extensions and trailers are read over. */
export class Chunked {
  #state: 'size' | 'data' | 'after-data' | 'trailer' | 'done' = 'size'
  #left = 0
  #line = ''

  get isDone(): boolean {
    return this.#state === 'done'
  }

  /**
   * @param give gets what is content, as parts of `bytes`
   * @returns what lies behind the end. ConnectionFailure `BAD_ANSWER`.
   */
  read(bytes: Buffer, give: (part: Buffer) => void): Buffer {
    let rest = bytes
    while (rest.length > 0 && this.#state !== 'done') {
      if (this.#state === 'data') {
        const part = rest.subarray(0, this.#left)
        this.#left -= part.length
        rest = rest.subarray(part.length)
        if (this.#left === 0) this.#state = 'after-data'
        give(part)
      } else {
        const end = rest.indexOf(NEWLINE)
        this.#line += rest.toString('latin1', 0, end < 0 ? rest.length : end + 1)
        rest = rest.subarray(end < 0 ? rest.length : end + 1)
        if (this.#line.length > LONGEST_LINE) throw broken()
        if (end >= 0) this.#end()
      }
    }
    return rest
  }

  #end(): void {
    if (!this.#line.endsWith('\r\n')) throw broken()
    const line = this.#line.slice(0, -2)
    this.#line = ''
    if (this.#state === 'after-data') {
      if (line !== '') throw broken()
      this.#state = 'size'
    } else if (this.#state === 'trailer') {
      if (line === '') this.#state = 'done'
    } else {
      const [, size] = SIZE.exec(line) ?? []
      if (size === undefined) throw broken()
      this.#left = Number.parseInt(size, 16)
      this.#state = this.#left === 0 ? 'trailer' : 'data'
    }
  }
}

function broken(): ConnectionFailure {
  return new ConnectionFailure('BAD_ANSWER', 'it answers in a way that is not HTTP: a bad chunk')
}
