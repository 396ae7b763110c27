import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { Chunked } from './chunked.ts'
import type { AnswerControl, AnswerHandler, Outgoing } from './exchange.ts'
import { ConnectionFailure } from './failure.ts'
import { type Framing, type Head, parseHead, requestHead } from './head.ts'

/** No server needs more. */
const LONGEST_HEAD = 32 * 1024
/** Announcements (1xx) before an answer. */
const MOST_ANNOUNCED = 16
/** Up to here head and body go to the system as one piece. */
const COPIED = 64 * 1024
/** Milliseconds for which an idle connection is used again, where its server says nothing of it. */
const IDLE = 5000
const LONGEST_IDLE = 60_000
/** So much before the server's own limit, so that it does not hang up on what is just being sent. */
const MARGIN = 1000

/** A request on its way, and the hand that its handler has on it. */
export class Call implements AnswerControl {
  readonly request: Outgoing
  readonly handler: AnswerHandler
  /** What goes before the body, and the bytes of the body that it announces. */
  readonly head: string
  readonly length: number
  /** Where it is under way; undefined before and after. */
  channel: Channel | undefined
  /** Milliseconds without a byte, until the other side counts as gone. */
  patience: number
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
    this.patience = request.headersTimeout ?? silence
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

/** What a channel tells the one that keeps it. */
export interface Keeper {
  /** The call that it had taken is over, and it may take another one, once its socket was heard again: whoever sends more than was asked for is not to be asked. */
  free(channel: Channel): void
  /** Told once. */
  gone(channel: Channel): void
}

/**
 * One connection of HTTP/1.1: one call after the other. Its reads go into one buffer that is used again, so a chunk is good until its handler
 * returns. What is asked of it is what `undici` would do for a request; it costs a third of that (docs/decisions/0026).
 */
export class Channel {
  readonly #socket: Socket
  readonly #silence: number
  readonly #keeper: Keeper
  #call: Call | undefined
  /** All of the request was given to the socket. */
  #isSent = false
  /** The source of the body is waited for, so the other side has nothing to say. */
  #isFed = true
  /** Of a head that came in parts. */
  #partial: Buffer | undefined
  #announced = 0
  #head: Head | undefined
  /** Bytes of the body still to come. */
  #left = 0
  #chunked: Chunked | undefined
  #heard = 0
  /** The socket was told to read no more. */
  #isHeldUp = false
  #isGone = false
  #idleSince = { wall: 0, monotonic: 0 }
  #idleFor = 0

  /** @param socket connected */
  constructor(socket: Socket, silence: number, keeper: Keeper) {
    this.#socket = socket
    this.#silence = silence
    this.#keeper = keeper
    this.#rest(IDLE)
    socket.on('end', () => {
      this.#ended()
    })
    socket.on('error', (error) => {
      this.#fail(error)
    })
    socket.on('close', () => {
      this.#fail(closed())
    })
  }

  /** By whichever clock ran further: one may be set back, the other stands still while the machine sleeps. */
  get isFresh(): boolean {
    const { wall, monotonic } = this.#idleSince
    return Math.max(Date.now() - wall, performance.now() - monotonic) < this.#idleFor
  }

  /** @returns false where the call was given up before anything was sent: the channel is still free */
  take(call: Call): boolean {
    call.handler.onRequestStart(call)
    if (call.reason !== undefined) {
      call.handler.onResponseError(call, call.reason)
      return false
    }
    this.#call = call
    call.channel = this
    this.#isSent = false
    this.#isFed = true
    this.#announced = 0
    this.#heard = performance.now()
    this.#socket.ref()
    try {
      this.#write(call)
    } catch (error) {
      this.#fail(error)
    }
    return true
  }

  /** A part of what the socket read; false: no more for now. */
  receive(bytes: Buffer): boolean {
    const call = this.#call
    if (call === undefined) {
      // Nobody asked.
      this.#fail(closed())
      return true
    }
    try {
      this.#read(call, bytes)
    } catch (error) {
      this.#fail(error)
    }
    if (this.#call?.paused === true) this.#isHeldUp = true
    return !this.#isHeldUp
  }

  readOn(): void {
    this.#heard = performance.now()
    if (!this.#isHeldUp) return
    this.#isHeldUp = false
    this.#socket.resume()
  }

  giveUp(reason: Error): void {
    this.#fail(reason)
  }

  /**
   * Gives up where the other side is silent for too long.
   * @param missed milliseconds in which nobody could hear it, since this process stood still
   */
  check(now: number, missed: number): void {
    const call = this.#call
    this.#heard += missed
    if (call === undefined || call.paused || !this.#isFed) return
    if (missed > 0 || now - this.#heard <= call.patience) return
    this.#fail(new ConnectionFailure('SILENT', 'the other side went silent'))
  }

  destroy(): void {
    this.#fail(closed())
  }

  #write({ request: { body }, head, length }: Call): void {
    if (body !== null && !(body instanceof Uint8Array)) {
      this.#socket.write(head, 'latin1')
      void this.#send(body, length)
      return
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
    this.#isSent = true
  }

  /** The error of a source ends the call, and the connection: the server still waits for the rest. */
  async #send(body: Readable, length: number): Promise<void> {
    const call = this.#call
    let sent = 0
    this.#isFed = false
    try {
      for await (const chunk of body as AsyncIterable<Uint8Array>) {
        if (this.#call !== call) return
        sent += chunk.length
        if (sent > length) throw new ConnectionFailure('BAD_REQUEST', 'the body is too long')
        this.#isFed = true
        this.#heard = performance.now()
        await this.#written(chunk)
        if (this.#call !== call) return
        this.#heard = performance.now()
        // The answer may come before the source says that it is at its end.
        if (sent === length) this.#isSent = true
        else this.#isFed = false
      }
      if (this.#call !== call) return
      if (sent < length) throw new ConnectionFailure('BAD_REQUEST', 'the body is too short')
      this.#isFed = true
      this.#isSent = true
    } catch (error) {
      if (this.#call === call) this.#fail(error)
    }
  }

  /** Resolves when the system has it, or the socket is gone. */
  #written(chunk: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.write(chunk, () => {
        resolve()
      })
    })
  }

  #read(call: Call, bytes: Buffer): void {
    let rest = bytes
    while (this.#head === undefined) {
      if (this.#partial !== undefined) rest = Buffer.concat([this.#partial, rest])
      this.#partial = undefined
      const end = rest.indexOf('\r\n\r\n')
      if ((end < 0 ? rest.length : end) > LONGEST_HEAD)
        throw new ConnectionFailure('BAD_ANSWER', 'the head of its answer has no end')
      if (end < 0) {
        this.#partial = Buffer.from(rest)
        return
      }
      const head = parseHead(rest.toString('latin1', 0, end), call.request.method)
      rest = rest.subarray(end + 4)
      // 1xx: the answer itself is still to come, and in time.
      if (head.status >= 200) this.#begin(call, head)
      else if (++this.#announced > MOST_ANNOUNCED)
        throw new ConnectionFailure('BAD_ANSWER', 'it announces answers and gives none')
      else if (rest.length === 0) return
      if (this.#call !== call) return
    }
    this.#heard = performance.now()
    const { framing } = this.#head
    const chunked = this.#chunked
    if (chunked !== undefined) {
      rest = chunked.read(rest, (part) => {
        if (this.#call === call) call.handler.onResponseData(call, part)
      })
      if (this.#call === call && chunked.isDone) this.#complete(call, rest)
      return
    }
    const part = framing === 'until-close' ? rest : rest.subarray(0, this.#left)
    this.#left -= part.length
    if (part.length > 0) call.handler.onResponseData(call, part)
    if (this.#call === call && this.#left === 0) this.#complete(call, rest.subarray(part.length))
  }

  #begin(call: Call, head: Head): void {
    this.#head = head
    this.#left = leftOf(head.framing)
    this.#chunked = head.framing === 'chunked' ? new Chunked() : undefined
    call.patience = this.#silence
    call.handler.onResponseStart(call, head.status, head.headers)
  }

  /** @param behind what came after the end: whoever sends that is not to be asked again */
  #complete(call: Call, behind: Buffer): void {
    const { status = 0, keepsAlive = false, idle = IDLE } = this.#head ?? {}
    // What TLS was given it has copied, and it tells late that it was sent.
    const waiting = 'encrypted' in this.#socket ? 0 : this.#socket.writableLength
    const { body } = call.request
    const isLent = body instanceof Uint8Array && body.length > COPIED
    // It cannot have taken what it was not sent; and the bytes that wait belong to a caller who would use their memory again.
    if (status < 300 && (!this.#isSent || (isLent && waiting > 0)))
      throw new ConnectionFailure('BAD_ANSWER', 'it says yes to what was not sent yet')
    const isFree = this.#isSent && waiting === 0 && keepsAlive && behind.length === 0
    this.#forget()
    if (isFree) {
      this.#rest(idle)
      // Over TLS what was decrypted already comes all the same, so an answer can end while its reader holds it up.
      this.readOn()
    } else this.#leave()
    call.handler.onResponseEnd()
    if (isFree && !this.#isGone) this.#keeper.free(this)
  }

  /** Until the next call. Nobody waits for it meanwhile: it keeps no process alive. */
  #rest(idle: number): void {
    this.#idleSince = { wall: Date.now(), monotonic: performance.now() }
    this.#idleFor = Math.min(idle - MARGIN, LONGEST_IDLE)
    this.#socket.unref()
  }

  /** The other side said that nothing more comes. */
  #ended(): void {
    const call = this.#call
    if (call === undefined || this.#head?.framing !== 'until-close') {
      this.#fail(closed())
      return
    }
    try {
      this.#complete(call, NOTHING)
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    const call = this.#forget()
    this.#leave()
    call?.handler.onResponseError(call, error instanceof Error ? error : new Error(String(error)))
  }

  #forget(): Call | undefined {
    const call = this.#call
    this.#call = undefined
    this.#head = undefined
    this.#partial = undefined
    this.#chunked = undefined
    if (call === undefined) return undefined
    call.channel = undefined
    const { body } = call.request
    if (body instanceof Readable && !this.#isSent) body.on('error', () => undefined).destroy()
    return call
  }

  #leave(): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#socket.destroy()
    this.#keeper.gone(this)
  }
}

const NOTHING = Buffer.alloc(0)

function leftOf(framing: Framing): number {
  return typeof framing === 'object' ? framing.length : Number.POSITIVE_INFINITY
}

function closed(): ConnectionFailure {
  return new ConnectionFailure('CLOSED', 'the other side closed the connection')
}
