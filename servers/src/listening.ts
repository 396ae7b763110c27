import type { Server as HttpServer } from 'node:http'
import type { Server } from 'node:net'

/** A server of a test, on a port of its own. */
export interface Listening {
  readonly port: number
  /** Closes its connections, too. */
  stop(): Promise<void>
}

export async function listening(server: HttpServer | Server): Promise<Listening> {
  const sockets = new Set<{ destroy(): unknown }>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return {
    port: address.port,
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => {
          resolve()
        })
      }),
  }
}
