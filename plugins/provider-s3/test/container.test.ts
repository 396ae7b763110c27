import { EventEmitter, once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Connections, connect } from '@lsync/http'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { credentialsOf } from '../src/credentials.ts'
import { fake, type Handler } from './fake.ts'

const CONTAINER = 'AWS_CONTAINER_CREDENTIALS_FULL_URI'
let home: string
let connections: Connections

// The SDK reads the process's own environment, too: it must not find this machine's.
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'lsync-s3-home-'))
  // Nobody else is to be taken for it.
  writeFileSync(
    join(home, '.boto'),
    '[Credentials]\naws_access_key_id = AKIABOTO\naws_secret_access_key = s3\n',
  )
  for (const name of Object.keys(process.env))
    if (name.startsWith('AWS_')) vi.stubEnv(name, undefined)
  connections = await connect({ environment: {}, concurrency: 2 })
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await connections.destroy()
  rmSync(home, { recursive: true })
})

function chain(environment: Record<string, string>) {
  const { signal } = new AbortController()
  const options = { signal, settings: {}, concurrency: 2, onNotice: () => undefined }
  return credentialsOf({ ...options, environment: { HOME: home, ...environment } }, connections)
}

test.each<[string, Handler | undefined, object]>([
  [
    'nobody listens',
    undefined,
    { code: 'network', message: expect.stringMatching(/had now: .*FULL_URI .*ECONNREFUSED/) },
  ],
  [
    'it fails',
    (_, response) => response.writeHead(503).end(),
    { code: 'network', message: expect.stringMatching(/had now: .*FULL_URI .*status: 503/) },
  ],
  [
    'it asks for a slower pace',
    (_, response) => response.writeHead(429).end(),
    { code: 'network', message: expect.stringContaining('status: 429') },
  ],
  [
    'it refuses',
    (_, response) => response.writeHead(403).end('{"Message": "no"}'),
    {
      code: 'unauthenticated',
      message: expect.stringMatching(/^no credentials for the bucket: .*FULL_URI .*status: 403/),
    },
  ],
])(
  'a container’s credentials that cannot be had are not none, nor is it anybody else: %s',
  async (_, answer, failure) => {
    const endpoint = answer === undefined ? undefined : await fake(answer)
    const address = `http://127.0.0.1:${endpoint?.port ?? 9}/`
    vi.stubEnv(CONTAINER, address)
    try {
      await expect(chain({ [CONTAINER]: address })()).rejects.toMatchObject(failure)
    } finally {
      await endpoint?.stop()
    }
  },
  20_000,
)

test('one that is silent is not waited for, and asked anew', async () => {
  const questions = new EventEmitter()
  let asked = 0
  const endpoint = await fake((_, response) => {
    asked++
    questions.emit('asked')
    if (asked <= 2) return
    response.end(
      JSON.stringify({
        AccessKeyId: 'ASIACONTAINER',
        SecretAccessKey: 's',
        Token: 't',
        Expiration: new Date(Date.now() + 30 * 60_000).toISOString(),
      }),
    )
  })
  const address = `http://127.0.0.1:${endpoint.port}/`
  vi.stubEnv(CONTAINER, address)
  const warn = vi.spyOn(console, 'warn').mockReturnValue()
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const credentials = chain({ [CONTAINER]: address })
    const first = credentials().catch((error: unknown) => error)
    await once(questions, 'asked')
    const again = once(questions, 'asked')
    await vi.advanceTimersByTimeAsync(60_000)
    await again
    await vi.advanceTimersByTimeAsync(15_000)
    expect(await first).toMatchObject({
      code: 'network',
      message: expect.stringContaining(`${CONTAINER} names is silent`),
    })
    expect((await credentials()).accessKeyId).toBe('ASIACONTAINER')
  } finally {
    vi.useRealTimers()
    warn.mockRestore()
    await endpoint.stop()
  }
})
