import { createServer, request } from 'node:http'

/** Passes requests on, unchanged, and counts what succeeded by method and path. */
export async function countingProxy(target: string): Promise<{
  readonly endpoint: string
  readonly succeeded: Map<string, number>
  stop(): Promise<void>
}> {
  const { hostname, port } = new URL(target)
  const succeeded = new Map<string, number>()
  const server = createServer((incoming, outgoing) => {
    const forward = request(
      { hostname, port, method: incoming.method, path: incoming.url, headers: incoming.headers },
      (answer) => {
        if ((answer.statusCode ?? 500) < 300) {
          const what = `${incoming.method} ${incoming.url?.split('?')[0]}`
          succeeded.set(what, (succeeded.get(what) ?? 0) + 1)
        }
        outgoing.writeHead(answer.statusCode ?? 500, answer.rawHeaders)
        answer.pipe(outgoing)
      },
    )
    forward.on('error', () => outgoing.destroy())
    incoming.on('error', () => forward.destroy())
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
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => {
          resolve()
        })
      }),
  }
}
