import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { Server as NetServer } from 'node:net'
import { type Connections, connect, type Limits } from '../src/connection.ts'
import { Requester } from '../src/request.ts'
import { CERTIFICATE, KEY } from './certificate.ts'

export interface Fake {
  readonly port: number
  stop(): Promise<void>
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => void

/** A server that answers just what a test wants. */
export function fake(handler: Handler): Promise<Fake> {
  return listening(createServer(handler))
}

export function secureFake(handler: Handler): Promise<Fake> {
  return listening(createSecureServer({ cert: CERTIFICATE, key: KEY }, handler))
}

export async function listening(server: Server | NetServer): Promise<Fake> {
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

export async function requesterTo(
  origin: string,
  environment: Readonly<Record<string, string>> = {},
  limits?: Limits,
): Promise<{ readonly requester: Requester; readonly connections: Connections }> {
  const connections = await connect({ environment, concurrency: 2 }, limits)
  const { host } = new URL(origin)
  const requester = new Requester(
    connections,
    async () => ({ accessKeyId: 'AKIATEST', secretAccessKey: 'geheim' }),
    { origin, host, base: '/bucket', region: 'us-east-1' },
    { bucket: 'bucket', prefix: 'pre/' },
  )
  return { requester, connections }
}
