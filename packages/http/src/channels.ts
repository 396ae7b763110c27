import net, { type OnReadOpts, type Socket } from 'node:net'
import tls from 'node:tls'
import { Call } from './call.ts'
import { Channel, type Keeper } from './channel.ts'
import type { AnswerHandler, Dispatcher, Outgoing } from './exchange.ts'
import { closed, ConnectionFailure } from './failure.ts'
import { Speed, timeOnLine } from './line.ts'

export interface ChannelsOptions {
  /** At most so many connections to each origin. */
  readonly connections: number
  /** Milliseconds until a connection stands, on a line that is free. */
  readonly connect: number
  /** Milliseconds without a byte, until the other side counts as gone, on a line that is free. */
  readonly silence: number
  /** What is trusted, where that is not what Node.js trusts. */
  readonly secureContext?: tls.SecureContext
}

/** Longer reads save a tenth of a second of 2 GB, but the system answers them with longer queues, whose bytes a kill costs. */
const READ = 64 * 1024
/** Milliseconds of nothing, until the system asks whether the other side is still there. */
const PROBE_AFTER = 60_000

/** Connections that are kept, by origin (`https://host:port`). */
export class Channels implements Dispatcher {
  readonly #options: ChannelsOptions
  readonly #origins = new Map<string, Origin>()
  #isDestroyed = false

  constructor(options: ChannelsOptions) {
    this.#options = options
  }

  dispatch(request: Outgoing, handler: AnswerHandler): void {
    let origin: Origin
    let call: Call
    try {
      origin = this.#originOf(request.origin)
      call = new Call(request, handler, origin.host, this.#options.silence)
    } catch (error) {
      handler.onResponseError(NO_CONTROL, error as Error)
      return
    }
    origin.dispatch(call)
  }

  #originOf(name: string): Origin {
    if (this.#isDestroyed)
      throw new ConnectionFailure('CLOSED', 'the connections were closed already')
    let origin = this.#origins.get(name)
    if (origin === undefined) {
      origin = new Origin(new URL(name), this.#options)
      this.#origins.set(name, origin)
    }
    return origin
  }

  async destroy(): Promise<void> {
    this.#isDestroyed = true
    for (const origin of this.#origins.values()) origin.destroy()
  }
}

const NO_CONTROL = {
  paused: false,
  pause: () => undefined,
  resume: () => undefined,
  abort: () => undefined,
}

class Origin implements Keeper {
  readonly #url: URL
  readonly #options: ChannelsOptions
  readonly #speed = new Speed()
  readonly #open = new Set<Channel>()
  /** The one that was used last is the last: it is the least likely to be closed meanwhile. */
  readonly #idle: Channel[] = []
  readonly #dialled = new Set<Socket>()
  readonly #waiting: Call[] = []
  #isServingSoon = false
  #session: Buffer | undefined
  #watch: NodeJS.Timeout | undefined
  #isDestroyed = false

  constructor(url: URL, options: ChannelsOptions) {
    this.#url = url
    this.#options = options
  }

  get host(): string {
    return this.#url.host
  }

  dispatch(call: Call): void {
    this.#keepWatch()
    this.#waiting.push(call)
    if (this.#idle.length === 0) this.#dialForOne()
    else this.#serveSoon()
  }

  free(channel: Channel): void {
    this.#idle.push(channel)
    if (this.#waiting.length > 0) this.#serveSoon()
  }

  gone(channel: Channel, failure: Error | undefined): void {
    this.#open.delete(channel)
    const at = this.#idle.indexOf(channel)
    if (at >= 0) this.#idle.splice(at, 1)
    // Who accepts and hangs up would else be dialled again without end, and nobody hear of it.
    if (failure !== undefined) this.#failOne(failure)
    this.#dialForOne()
  }

  arrived(length: number, begun: number): void {
    this.#speed.arrived(length, begun, performance.now())
  }

  destroy(): void {
    this.#isDestroyed = true
    clearInterval(this.#watch)
    for (const call of this.#waiting.splice(0))
      call.handler.onResponseError(
        call,
        new ConnectionFailure('CLOSED', 'the connections were closed'),
      )
    for (const channel of this.#open) channel.destroy()
    for (const socket of this.#dialled) socket.destroy()
  }

  /**
   * After the idle sockets were heard once more: who has sent more than he was asked for, or has hung up, is given no further call. What he sent would be
   * taken for its answer. The first immediate ends the turn of the event loop that we are in, the second one comes after all sockets were asked.
   */
  #serveSoon(): void {
    if (this.#isServingSoon) return
    this.#isServingSoon = true
    setImmediate(setImmediate, () => {
      this.#isServingSoon = false
      while (this.#waiting.length > 0) {
        const channel = this.#freshest()
        if (channel === undefined) break
        this.#serve(channel)
      }
      for (let count = this.#waiting.length; count > 0; count--) this.#dialForOne()
    })
  }

  #serve(channel: Channel): void {
    for (let call = this.#waiting.shift(); call !== undefined; call = this.#waiting.shift())
      if (channel.take(call)) return
    this.#idle.push(channel)
  }

  #freshest(): Channel | undefined {
    for (let channel = this.#idle.pop(); channel !== undefined; channel = this.#idle.pop()) {
      if (channel.isFresh) return channel
      channel.destroy()
    }
    return undefined
  }

  /** One connection more, where somebody waits that none is being made for. */
  #dialForOne(): void {
    const { connections } = this.#options
    if (this.#waiting.length <= this.#dialled.size || this.#isDestroyed) return
    if (this.#open.size + this.#dialled.size < connections) this.#dial()
  }

  #dial(): void {
    let channel: Channel | undefined
    const socket = this.#socket({
      buffer: Buffer.allocUnsafeSlow(READ),
      callback: (length, bytes) => {
        // Who speaks before he is asked does not speak HTTP.
        if (channel === undefined) socket.destroy(closed())
        return channel?.receive((bytes as Buffer).subarray(0, length)) ?? true
      },
    })
    this.#dialled.add(socket)
    const begun = performance.now()
    let patience = this.#options.connect
    const late = (): void => {
      // What asks for a connection stands in the same queue as all that is sent.
      patience = Math.max(patience, this.#options.connect + this.#timeOnLine())
      const left = begun + patience - performance.now()
      if (left >= 1) timer = setTimeout(late, left)
      // Where this process stood still, the connection may stand already and not be heard of yet.
      else
        setImmediate(() => {
          if (this.#dialled.has(socket))
            socket.destroy(new ConnectionFailure('CONNECT_TIMEOUT', 'no connection'))
        })
    }
    let timer = setTimeout(late, patience)
    let failure: Error | undefined
    socket.on('error', (error) => {
      failure = error
    })
    // After an error, too.
    socket.once('close', () => {
      clearTimeout(timer)
      if (!this.#dialled.delete(socket)) return
      this.#failOne(failure ?? closed())
      this.#dialForOne()
    })
    socket.once(this.#isSecure ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer)
      if (!this.#dialled.delete(socket)) return
      channel = new Channel(socket, this.#options.silence, this)
      this.#open.add(channel)
      this.free(channel)
    })
  }

  #timeOnLine(): number {
    return timeOnLine(
      Array.from(this.#open, ({ underWay }) => underWay),
      this.#speed.seen,
    )
  }

  #failOne(failure: Error): void {
    const call = this.#waiting.shift()
    call?.handler.onResponseError(call, failure)
  }

  get #isSecure(): boolean {
    return this.#url.protocol === 'https:'
  }

  #socket(onread: OnReadOpts): Socket {
    const { hostname, port } = this.#url
    const host = hostname.replace(/^\[(.*)\]$/, '$1')
    const { secureContext } = this.#options
    const socket = this.#isSecure
      ? tls
          .connect({
            host,
            port: Number(port || 443),
            ALPNProtocols: ['http/1.1'],
            ...(net.isIP(host) === 0 ? { servername: host } : {}),
            ...(secureContext === undefined ? {} : { secureContext }),
            ...(this.#session === undefined ? {} : { session: this.#session }),
            onread,
          } as tls.ConnectionOptions)
          .on('session', (session: Buffer) => {
            this.#session = session
          })
      : net.connect({ host, port: Number(port || 80), onread })
    return socket.setNoDelay(true).setKeepAlive(true, PROBE_AFTER)
  }

  /** One timer for all calls: to set one for each costs more than to look at them now and then. */
  #keepWatch(): void {
    if (this.#watch !== undefined) return
    const period = Math.min(this.#options.silence / 4, 1000)
    let last = performance.now()
    this.#watch = setInterval(() => {
      const now = performance.now()
      // What came while this process stood still lies in the sockets, which are read after the timers.
      const late = now - last - period
      const missed = late > period ? late : 0
      last = now
      const line = this.#timeOnLine()
      for (const channel of this.#open) channel.check(now, missed, line)
      for (const channel of this.#idle.filter(({ isFresh }) => !isFresh)) channel.destroy()
      if (this.#open.size > 0 || this.#waiting.length > 0) return
      clearInterval(this.#watch)
      this.#watch = undefined
    }, period).unref()
  }
}
