import { connect, createServer, type Socket } from 'node:net'

export interface Line {
  /** Milliseconds that bytes take, each way. */
  readonly delay?: number
  /** Up to so many milliseconds more, by chance. Order is kept. */
  readonly jitter?: number
  /** Bytes a second, each way, all connections together. */
  readonly rate?: number
  /** New connections are closed at once. */
  readonly refuse?: boolean
  /** Bytes go in and none come out. */
  readonly blackhole?: boolean
}

export interface Cut {
  /** `up` is towards the server. One byte down: the server has acted, and its response is lost. */
  readonly direction: 'up' | 'down'
  /** Bytes from now on, all connections together; what exceeds them is not passed on. */
  readonly after: number
}

export interface DelayProxyOptions extends Line {
  /** Where the server is: `http://host:port` */
  readonly target: string
  readonly cut?: Cut
}

/** A line between client and server whose faults are chosen. It passes bytes, so that signatures and TLS go through untouched. */
export interface DelayProxy {
  readonly endpoint: string
  /** Bytes passed on, in all. */
  readonly bytes: { readonly up: number; readonly down: number }
  /** Connections that were made, in all. */
  readonly connections: number
  /** How often a cut took place. */
  readonly cuts: number
  /** Changes the line from now on; what is not named stays. */
  set(line: Line): void
  /** Ends all connections, once, when that many bytes have passed. Later connections are served. */
  cutAfter(cut: Cut): void
  /** Ends all connections now. */
  cutAll(): void
  stop(): Promise<void>
}

/** It delays bytes, not packets: no handshake takes longer, and nothing is lost. */
export async function startDelayProxy(options: DelayProxyOptions): Promise<DelayProxy> {
  const { target, cut, ...line } = options
  const proxy = new Proxy(target, line)
  if (cut !== undefined) proxy.cutAfter(cut)
  await proxy.listen()
  return proxy
}

type Direction = Cut['direction']

class Proxy implements DelayProxy {
  endpoint = ''
  readonly bytes = { up: 0, down: 0 }
  connections = 0
  cuts = 0
  #line: Line
  readonly #host: string
  readonly #port: number
  readonly #sockets = new Set<Socket>()
  readonly #pendingCuts = new Set<{ readonly direction: Direction; left: number }>()
  /** Until when the line is busy with bytes that came before, by direction. */
  readonly #busy = { up: 0, down: 0 }
  readonly #server = createServer({ allowHalfOpen: true }, (client) => {
    this.#accept(client)
  })

  constructor(target: string, line: Line) {
    const { hostname, port } = new URL(target)
    this.#host = hostname
    this.#port = Number(port)
    this.#line = line
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(0, '127.0.0.1', resolve)
    })
    const address = this.#server.address()
    if (typeof address !== 'object' || address === null) throw new Error('the proxy has no port')
    this.endpoint = `http://127.0.0.1:${address.port}`
  }

  set(line: Line): void {
    this.#line = { ...this.#line, ...line }
  }

  cutAfter({ direction, after }: Cut): void {
    this.#pendingCuts.add({ direction, left: after })
  }

  cutAll(): void {
    this.cuts++
    for (const socket of this.#sockets) socket.destroy()
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve()
      })
    })
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #accept(client: Socket): void {
    this.connections++
    if (this.#line.refuse === true) {
      client.destroy()
      return
    }
    const server = connect({ host: this.#host, port: this.#port, allowHalfOpen: true })
    const pairs = [
      [client, server, 'up'],
      [server, client, 'down'],
    ] as const
    for (const [from, to, direction] of pairs) {
      from.setNoDelay(true)
      this.#sockets.add(from)
      from.on('error', () => undefined)
      from.once('close', () => {
        this.#sockets.delete(from)
        // One that ended in order may have bytes on the line still.
        if (!from.readableEnded) to.destroy()
      })
      delayed(
        from,
        to,
        (length) => this.#arrival(direction, length),
        (chunk) => this.#deliver(chunk, to, direction),
      )
    }
  }

  /** When bytes that leave now are there. */
  #arrival(direction: Direction, length: number): number {
    const { delay = 0, jitter = 0, rate = Number.POSITIVE_INFINITY } = this.#line
    const free = Math.max(this.#busy[direction], performance.now()) + (length / rate) * 1000
    this.#busy[direction] = free
    return free + delay + Math.random() * jitter
  }

  /** False if no more should come before `to` has drained. */
  #deliver(chunk: Buffer, to: Socket, direction: Direction): boolean {
    if (this.#line.blackhole === true || to.destroyed) return true
    for (const cut of this.#pendingCuts) {
      if (cut.direction !== direction) continue
      cut.left -= chunk.length
      if (cut.left > 0) continue
      this.#pendingCuts.delete(cut)
      const last = chunk.subarray(0, chunk.length + cut.left)
      this.bytes[direction] += last.length
      to.write(last, () => {
        this.cutAll()
      })
      return false
    }
    this.bytes[direction] += chunk.length
    return to.write(chunk)
  }
}

/** What may wait in one direction of one connection. */
const WINDOW = 8 * 1024 * 1024

/** Passes on what comes, each piece when it is due, in order; the end too. */
function delayed(
  from: Socket,
  to: Socket,
  arrival: (length: number) => number,
  deliver: (chunk: Buffer) => boolean,
): void {
  const queue: { readonly chunk: Buffer | undefined; readonly due: number }[] = []
  let waiting = 0
  let last = 0
  let timer: NodeJS.Timeout | undefined
  const push = (chunk: Buffer | undefined): void => {
    last = Math.max(last, arrival(chunk?.length ?? 0))
    queue.push({ chunk, due: last })
    waiting += chunk?.length ?? 0
    if (waiting > WINDOW) from.pause()
    if (timer === undefined && !to.writableNeedDrain) pump()
  }
  const pump = (): void => {
    timer = undefined
    for (let next = queue[0]; next !== undefined && !to.destroyed; next = queue[0]) {
      const wait = next.due - performance.now()
      if (wait > 0) {
        timer = setTimeout(pump, wait)
        return
      }
      queue.shift()
      if (next.chunk === undefined) {
        to.end()
        return
      }
      waiting -= next.chunk.length
      if (waiting <= WINDOW) from.resume()
      if (!deliver(next.chunk)) return
    }
  }
  from.on('data', push)
  from.once('end', () => {
    push(undefined)
  })
  to.on('drain', pump)
  to.once('close', () => {
    clearTimeout(timer)
  })
}
