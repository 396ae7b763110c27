import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import type { Call } from './call.ts'
import { ConnectionFailure } from './failure.ts'
import { slices } from './slices.ts'

/** Up to here head and body go to the system as one piece. */
export const COPIED = 16 * 1024
/** What is written at once. That the system took it tells that the line moves. */
const SLICE = 64 * 1024

/** A request on its way into a socket. */
export class Sending {
  /** All of the request was given to the socket. */
  isSent = false
  /** False while the source of the body is waited for: the other side has nothing to say then. */
  isFed = true
  #isOver = false
  readonly #socket: Socket
  readonly #onMoved: () => void

  /** @param onMoved hears of each piece of a body that came from its source, or that the system took */
  constructor(socket: Socket, onMoved: () => void) {
    this.#socket = socket
    this.#onMoved = onMoved
  }

  /** Nothing more of it is wanted. */
  stop(): void {
    this.#isOver = true
  }

  /** @returns what may fail: the source of a body, or its length; undefined where all was given to the socket */
  start({ request: { body }, head, length }: Call): Promise<void> | undefined {
    if (body !== null && (!(body instanceof Uint8Array) || body.length > SLICE)) {
      this.#socket.cork()
      this.#socket.write(head, 'latin1')
      const done = body instanceof Uint8Array ? this.#bytes(body) : this.#stream(body, length)
      this.#socket.uncork()
      return done
    }
    if (body === null || body.length === 0) this.#socket.write(head, 'latin1')
    else if (body.length > COPIED) {
      this.#socket.cork()
      this.#socket.write(head, 'latin1')
      this.#socket.write(body)
      this.#socket.uncork()
    } else {
      const whole = Buffer.allocUnsafe(head.length + body.length)
      whole.write(head, 0, 'latin1')
      whole.set(body, head.length)
      this.#socket.write(whole)
    }
    this.isSent = true
    return undefined
  }

  async #stream(body: Readable, length: number): Promise<void> {
    let left = length
    this.isFed = length === 0
    this.isSent = length === 0
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      if (this.#isOver) return
      left -= chunk.length
      if (left < 0) throw new ConnectionFailure('BAD_REQUEST', 'the body is too long')
      this.isFed = true
      this.#onMoved()
      await this.#bytes(chunk, left)
      if (this.#isOver) return
      if (left > 0) this.isFed = false
    }
    if (this.#isOver) return
    if (left > 0) throw new ConnectionFailure('BAD_REQUEST', 'the body is too short')
    this.isFed = true
    this.isSent = true
  }

  /** @param behind bytes of the body that come after these */
  async #bytes(bytes: Uint8Array, behind = 0): Promise<void> {
    let left = bytes.length + behind
    for (const slice of slices(bytes, SLICE)) {
      left -= slice.length
      // TLS copies what it is given, and tells late that it was sent.
      if (left === 0 && 'encrypted' in this.#socket) this.isSent = true
      await this.#written(slice)
      if (this.#isOver) return
      this.#onMoved()
      // The answer may come before the source says that it is at its end.
      if (left === 0) this.isSent = true
    }
  }

  /** Resolves when the system has it, or the socket is gone. */
  #written(slice: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.write(slice, () => {
        resolve()
      })
    })
  }
}
