import { createServer, request } from 'node:http'

/** Passes requests on, unchanged; counts what succeeded by method and path, and the bytes of all bodies. */
export async function countingProxy(target: string): Promise<{
  readonly endpoint: string
  readonly succeeded: Map<string, number>
  /** Bytes of bodies that went through since the start, whatever came of them. */
  readonly bytes: { up: number; down: number }
  stop(): Promise<void>
}> {
  const { hostname, port } = new URL(target)
  const succeeded = new Map<string, number>()
  const bytes = { up: 0, down: 0 }
  const server = createServer((incoming, outgoing) => {
    const forward = request(
      { hostname, port, method: incoming.method, path: incoming.url, headers: incoming.headers },
      (answer) => {
        if ((answer.statusCode ?? 500) < 300) {
          const what = `${incoming.method} ${incoming.url?.split('?')[0]}`
          succeeded.set(what, (succeeded.get(what) ?? 0) + 1)
        }
        outgoing.writeHead(answer.statusCode ?? 500, answer.rawHeaders)
        answer.on('data', (chunk: Buffer) => (bytes.down += chunk.length))
        answer.pipe(outgoing)
      },
    )
    forward.on('error', () => outgoing.destroy())
    incoming.on('error', () => forward.destroy())
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
    bytes,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => {
          resolve()
        })
      }),
  }
}
