import { type ClientRequest, createServer, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

export interface CountingProxy {
  readonly endpoint: string
  /** What succeeded, and what the server refused since its condition did not hold: by method and path. */
  readonly succeeded: Map<string, number>
  readonly refused: Map<string, number>
  /** Bytes of bodies that went through since the start, whatever came of them. */
  readonly bytes: { up: number; down: number }
  /** Resolves once so many more requests of that method have succeeded. */
  after(method: string, count: number): Promise<void>
  /** Resolves once the server has answered all that reached it, also where nobody waits for the answer any more. */
  quiet(): Promise<void>
  stop(): Promise<void>
}

/** Passes requests on, unchanged, and counts them. */
export async function countingProxy(target: string): Promise<CountingProxy> {
  const { hostname, port } = new URL(target)
  const succeeded = new Map<string, number>()
  const refused = new Map<string, number>()
  const bytes = { up: 0, down: 0 }
  const waiting = new Set<{ readonly method: string; count: number; readonly done: () => void }>()
  const inFlight = new Set<ClientRequest>()
  const server = createServer((incoming, outgoing) => {
    const forward = request(
      { hostname, port, method: incoming.method, path: incoming.url, headers: incoming.headers },
      (answer) => {
        const { statusCode = 500 } = answer
        const counts = statusCode === 412 ? refused : succeeded
        if (statusCode < 300 || statusCode === 412) {
          const what = `${incoming.method} ${incoming.url?.split('?')[0]}`
          counts.set(what, (counts.get(what) ?? 0) + 1)
        }
        for (const one of waiting)
          if (one.method === incoming.method && statusCode < 300 && --one.count === 0) {
            waiting.delete(one)
            one.done()
          }
        outgoing.writeHead(statusCode, answer.rawHeaders)
        answer.on('data', (chunk: Buffer) => (bytes.down += chunk.length))
        answer.pipe(outgoing)
      },
    )
    inFlight.add(forward)
    forward.on('close', () => inFlight.delete(forward))
    forward.on('error', () => outgoing.destroy())
    // Who asked is gone: no more comes for them. But what they sent whole arrives, and its answer tells that.
    const abandon = (): void => {
      if (!incoming.complete || incoming.method === 'GET') forward.destroy()
    }
    incoming.on('error', abandon)
    outgoing.on('close', abandon)
    outgoing.on('error', abandon)
    incoming.on('data', (chunk: Buffer) => (bytes.up += chunk.length))
    incoming.pipe(forward)
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the proxy has no port')
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    succeeded,
    refused,
    bytes,
    after: (method, count) =>
      new Promise((done) => {
        waiting.add({ method, count, done })
      }),
    async quiet() {
      while (inFlight.size > 0) await sleep(20)
    },
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => {
          resolve()
        })
      }),
  }
}
