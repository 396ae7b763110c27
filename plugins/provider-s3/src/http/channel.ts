import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import type { AnswerControl, AnswerHandler, Outgoing } from '../exchange.ts'
import { Chunked } from './chunked.ts'
import { ConnectionFailure } from './failure.ts'
import { type Framing, type Head, parseHead, requestHead } from './head.ts'

/** No server needs more. */
const LONGEST_HEAD = 32 * 1024
/** Up to here head and body go to the system as one piece. */
const COPIED = 64 * 1024

/** A request on its way, and the hand that its handler has on it. */
export class Call implements AnswerControl {
  readonly request: Outgoing
  readonly handler: AnswerHandler
  /** Where it is under way; undefined before and after. */
  channel: Channel | undefined
  /** Milliseconds without a byte, until the other side counts as gone. */
  patience: number
  paused = false
  /** Why it was given up. */
  reason: Error | undefined

  constructor(request: Outgoing, handler: AnswerHandler, silence: number) {
    this.request = request
    this.handler = handler
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
  /** The call that it had taken is over, and it may take another one. */
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
  readonly #host: string
  readonly #silence: number
  readonly #keeper: Keeper
  #call: Call | undefined
  /** All of the request is written. */
  #isSent = false
  /** Of a head that came in parts. */
  #partial: Buffer | undefined
  #head: Head | undefined
  /** Bytes of the body still to come. */
  #left = 0
  #chunked: Chunked | undefined
  #heard = 0
  /** The socket was told to read no more. */
  #isHeldUp = false
  #isGone = false
  /** By the clock of `performance.now()`: until then it may be taken again. */
  freshUntil = 0

  /** @param socket connected */
  constructor(socket: Socket, host: string, silence: number, keeper: Keeper) {
    this.#socket = socket
    this.#host = host
    this.#silence = silence
    this.#keeper = keeper
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
    this.#heard = performance.now()
    try {
      this.#write(call.request)
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
    this.#heard = performance.now()
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

  /** Gives up where the other side is silent for too long. */
  check(now: number): void {
    const call = this.#call
    if (call === undefined || call.paused || now - this.#heard <= call.patience) return
    this.#fail(new ConnectionFailure('SILENT', 'the other side went silent'))
  }

  destroy(): void {
    this.#fail(closed())
  }

  #write(request: Outgoing): void {
    const { body } = request
    if (body !== null && !(body instanceof Uint8Array)) {
      this.#socket.write(requestHead(request, this.#host, undefined), 'latin1')
      void this.#send(body, lengthOf(request.headers))
      return
    }
    const head = requestHead(request, this.#host, body?.length)
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
    const socket = this.#socket
    let sent = 0
    try {
      for await (const chunk of body as AsyncIterable<Uint8Array>) {
        if (this.#call !== call) return
        sent += chunk.length
        if (sent > length) throw new ConnectionFailure('BAD_REQUEST', 'the body is too long')
        await new Promise<void>((resolve) => {
          // Called also when the socket is destroyed.
          socket.write(chunk, () => {
            resolve()
          })
        })
        this.#heard = performance.now()
      }
      if (this.#call !== call) return
      if (sent < length) throw new ConnectionFailure('BAD_REQUEST', 'the body is too short')
      this.#isSent = true
    } catch (error) {
      if (this.#call === call) this.#fail(error)
    }
  }

  #read(call: Call, bytes: Buffer): void {
    let rest = bytes
    while (this.#head === undefined) {
      if (this.#partial !== undefined) rest = Buffer.concat([this.#partial, rest])
      this.#partial = undefined
      const end = rest.indexOf('\r\n\r\n')
      if (end < 0) {
        if (rest.length > LONGEST_HEAD)
          throw new ConnectionFailure('BAD_ANSWER', 'the head of its answer has no end')
        this.#partial = Buffer.from(rest)
        return
      }
      const head = parseHead(rest.toString('latin1', 0, end), call.request.method)
      rest = rest.subarray(end + 4)
      // 1xx: the answer itself is still to come.
      if (head.status >= 200) this.#begin(call, head)
      else if (rest.length === 0) return
      if (this.#call !== call) return
    }
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
    const isFree = this.#isSent && this.#head?.keepsAlive === true && behind.length === 0
    // A second before the server's own limit, so that it does not hang up on what is just being sent.
    this.freshUntil = performance.now() + Math.min((this.#head?.idle ?? 5000) - 1000, 60_000)
    this.#forget()
    if (!isFree) this.#leave()
    // Over TLS what was decrypted already comes all the same, so an answer can end while its reader holds it up.
    else this.readOn()
    call.handler.onResponseEnd()
    if (isFree) this.#keeper.free(this)
  }

  /** The other side said that nothing more comes. */
  #ended(): void {
    const call = this.#call
    if (call !== undefined && this.#head?.framing === 'until-close') this.#complete(call, NOTHING)
    else this.#fail(closed())
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

function lengthOf(headers: readonly string[]): number {
  const at = headers.findIndex((name, index) => index % 2 === 0 && name === 'content-length')
  if (at < 0) throw new ConnectionFailure('BAD_REQUEST', 'the length of a body is not told')
  return Number(headers[at + 1])
}

function closed(): ConnectionFailure {
  return new ConnectionFailure('CLOSED', 'the other side closed the connection')
}
