import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { AnswerReader } from './answer-reader.ts'
import type { Call } from './call.ts'
import { closed, ConnectionFailure } from './failure.ts'
import type { Head } from './head.ts'
import { COPIED, Sending } from './sending.ts'

/** Milliseconds for which an idle connection is used again, where its server says nothing of it. */
const IDLE = 5000
const LONGEST_IDLE = 60_000
/** So much before the server's own limit, so that it does not hang up on what is just being sent. */
const MARGIN = 1000

/** What a channel tells the one that keeps it. */
export interface Keeper {
  /** The call that it had taken is over, and it may take another one, once its socket was heard again: whoever sends more than was asked for is not to be asked. */
  free(channel: Channel): void
  /**
   * Told once.
   * @param failure what the other side did, where it ended a connection that never had a call: that nobody else is told
   */
  gone(channel: Channel, failure: Error | undefined): void
  /** A body of so many bytes, sent since `begun` (milliseconds), has got its answer. */
  arrived(length: number, begun: number): void
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
  #sending: Sending | undefined
  #reader: AnswerReader | undefined
  #heard = 0
  #begun = 0
  /** The socket was told to read no more. */
  #isHeldUp = false
  #isGone = false
  #wasTaken = false
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

  get #isSecure(): boolean {
    return 'encrypted' in this.#socket
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
    this.#wasTaken = true
    call.channel = this
    this.#begun = performance.now()
    this.#heard = this.#begun
    this.#sending = new Sending(this.#socket, () => {
      this.#heard = performance.now()
    })
    this.#reader = new AnswerReader(call.request.method, {
      head: (head) => {
        this.#begin(call, head)
      },
      body: (part) => {
        call.handler.onResponseData(call, part)
      },
    })
    this.#socket.ref()
    try {
      this.#sending.start(call)?.catch((error: unknown) => {
        // Of a source: it ends the connection, too, whose server still waits for the rest.
        if (this.#call === call) this.#fail(error)
      })
    } catch (error) {
      this.#fail(error)
    }
    return true
  }

  /** A part of what the socket read; false: no more for now. */
  receive(bytes: Buffer): boolean {
    const call = this.#call
    if (call === undefined || this.#reader === undefined) {
      // Nobody asked.
      this.#fail(closed())
      return true
    }
    try {
      this.#read(call, this.#reader, bytes)
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

  /** Bytes of a body that has no answer yet. */
  get underWay(): number {
    return this.#isAnswered ? 0 : (this.#call?.length ?? 0)
  }

  get #isAnswered(): boolean {
    return this.#reader?.head !== undefined
  }

  /**
   * Gives up where the other side is silent for too long.
   * @param missed milliseconds in which nobody could hear it, since this process stood still
   * @param line milliseconds that the line may take for all that is under way
   */
  check(now: number, missed: number, line: number): void {
    const call = this.#call
    this.#heard += missed
    if (!this.#isAnswered) call?.waitForLine(line)
    if (call === undefined || call.paused || this.#sending?.isFed === false) return
    if (missed > 0 || now - this.#heard <= call.patience) return
    this.#fail(new ConnectionFailure('SILENT', 'the other side went silent'))
  }

  destroy(): void {
    const call = this.#forget()
    this.#leave()
    call?.handler.onResponseError(call, closed())
  }

  #read(call: Call, reader: AnswerReader, bytes: Buffer): void {
    const behind = reader.read(bytes)
    if (this.#call !== call) return
    // Announcements, and a head that drips, are no answer.
    if (reader.head !== undefined) this.#heard = performance.now()
    if (behind !== undefined) this.#complete(call, reader.head, behind.length > 0)
  }

  #begin(call: Call, { status, headers }: Head): void {
    call.patience = this.#silence
    if (call.length > 0) this.#keeper.arrived(call.length, this.#begun)
    call.handler.onResponseStart(call, status, headers)
  }

  /** @param isMore something came after the end: whoever sends that is not to be asked again */
  #complete(call: Call, head: Head | undefined, isMore: boolean): void {
    const { status = 0, keepsAlive = false, idle = IDLE } = head ?? {}
    const waiting = this.#isSecure ? 0 : this.#socket.writableLength
    const { body } = call.request
    const isSent = this.#sending?.isSent === true
    const isLent = body instanceof Uint8Array && body.length > COPIED
    // It cannot have taken what it was not sent; and the bytes that wait belong to a caller who would use their memory again.
    if (status < 300 && (!isSent || (isLent && waiting > 0)))
      throw new ConnectionFailure('BAD_ANSWER', 'it says yes to what was not sent yet')
    const isFree = isSent && waiting === 0 && keepsAlive && !isMore
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
    if (call === undefined || this.#reader?.endsWithConnection !== true) {
      this.#fail(closed())
      return
    }
    try {
      this.#complete(call, this.#reader.head, false)
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    const call = this.#forget()
    const failure = error instanceof Error ? error : new Error(String(error))
    this.#leave(this.#wasTaken ? undefined : failure)
    call?.handler.onResponseError(call, failure)
  }

  #forget(): Call | undefined {
    const call = this.#call
    this.#call = undefined
    this.#reader?.giveUp()
    this.#reader = undefined
    if (call === undefined) return undefined
    call.channel = undefined
    this.#sending?.stop()
    const { body } = call.request
    if (body instanceof Readable && this.#sending?.isSent !== true)
      body.on('error', () => undefined).destroy()
    return call
  }

  #leave(failure?: Error): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#socket.destroy()
    this.#keeper.gone(this, failure)
  }
}
