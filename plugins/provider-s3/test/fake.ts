import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { type Connections, connect, type Limits } from '@lsync/http'
import { listening, type Listening } from '@lsync/servers'
import { Requester } from '../src/request.ts'
import { CERTIFICATE, KEY } from '@lsync/servers'

export type Handler = (request: IncomingMessage, response: ServerResponse) => void

/** A server that answers just what a test wants. */
export function fake(handler: Handler): Promise<Listening> {
  return listening(createServer(handler))
}

export function secureFake(handler: Handler): Promise<Listening> {
  return listening(createSecureServer({ cert: CERTIFICATE, key: KEY }, handler))
}

export async function requesterTo(
  origin: string,
  environment: Readonly<Record<string, string>> = {},
  limits?: Limits,
): Promise<{ readonly requester: Requester; readonly connections: Connections }> {
  const connections = await connect({
    environment,
    concurrency: 2,
    bundle: 'AWS_CA_BUNDLE',
    ...(limits === undefined ? {} : { limits }),
  })
  const { host } = new URL(origin)
  const requester = new Requester(
    connections,
    async () => ({ accessKeyId: 'AKIATEST', secretAccessKey: 'geheim' }),
    { origin, host, base: '/bucket', region: 'us-east-1' },
    { bucket: 'bucket', prefix: 'pre/' },
  )
  return { requester, connections }
}
