import { randomUUID } from 'node:crypto'
import { createBucket } from '@lsync/servers'
import { type Answer, type Connections, connect, type Outgoing } from '@lsync/http'
import { Requester } from '../src/request.ts'

const environment = process.env
const {
  LSYNC_TEST_SERVER: name,
  AWS_ENDPOINT_URL_S3: endpoint,
  AWS_ACCESS_KEY_ID: user,
  AWS_SECRET_ACCESS_KEY: secret,
} = environment
if (name === undefined || endpoint === undefined || user === undefined || secret === undefined)
  throw new Error('run this suite with: pnpm test:servers')

/** The real server that this run of the suites is for. */
export const server = { name, endpoint, user, secret, environment }

export const signal = new AbortController().signal

/** A bucket of its own, as the part of a URL behind the scheme. */
export async function newBucket(): Promise<string> {
  const bucket = `test-${randomUUID()}`
  await createBucket(server.endpoint, server.user, server.secret, bucket)
  return bucket
}

/** Stands between a client and the server: may fail before, or after what the server did, or change the answer. */
export type Meddler = (request: Outgoing, send: () => Promise<Answer>) => Promise<Answer>

/** Requests of one client, each through the meddler. */
export async function meddled(bucket: string, meddle: Meddler): Promise<Requester> {
  const straight = await connect({ environment: {}, concurrency: 8 })
  const connections: Connections = {
    for: (protocol) => ({
      exchange: (request, stop) =>
        meddle(request, () => straight.for(protocol).exchange(request, stop)),
    }),
    quickest: undefined,
    destroy: () => straight.destroy(),
  }
  const { origin, host } = new URL(server.endpoint)
  return new Requester(
    connections,
    async () => ({ accessKeyId: server.user, secretAccessKey: server.secret }),
    { origin, host, base: `/${bucket}`, region: 'us-east-1' },
    { bucket, prefix: '' },
  )
}
