import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { credentialsOf } from '../src/credentials.ts'
import { endpointOf } from '../src/endpoint.ts'

const { signal } = new AbortController()
const folder = mkdtempSync(join(tmpdir(), 'lsync-gcs-'))
const home = join(folder, 'home')
mkdirSync(join(home, '.config', 'gcloud'), { recursive: true })

/** Google's token service, at the end of our connections. */
let answer: () => Response
const asked: string[] = []
const tokens: typeof fetch = async (input, init) => {
  const { url } = new Request(input, init)
  const body = init?.body
  asked.push(
    `${url} ${body instanceof URLSearchParams || typeof body === 'string' ? body.toString() : ''}`,
  )
  return answer()
}
const good = (): Response =>
  Response.json({ access_token: 'token-1', expires_in: 3600, token_type: 'Bearer' })
const bad = (status: number) => (): Response =>
  Response.json({ error: 'invalid_grant', error_description: 'no' }, { status })

const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})

const USER = {
  type: 'authorized_user',
  client_id: 'id',
  client_secret: 'geheim',
  refresh_token: 'refresh-geheim',
  quota_project_id: 'payer',
}

function file(name: string, content: object): string {
  const path = join(folder, name)
  writeFileSync(path, JSON.stringify(content))
  return path
}

const account = file('account.json', {
  type: 'service_account',
  client_email: 'robot@project.iam.gserviceaccount.com',
  private_key: privateKey,
})

beforeEach(() => {
  answer = good
  asked.length = 0
})
afterAll(() => {
  rmSync(folder, { recursive: true })
})

async function headers(
  settings: Record<string, string>,
  environment: Record<string, string> = { HOME: home },
): Promise<Readonly<Record<string, string>>> {
  const options = { signal, settings, environment, concurrency: 2 }
  const credentials = credentialsOf(options, endpointOf(options), tokens)
  await credentials(signal)
  return await credentials(signal)
}

describe('who we are', () => {
  test('a key file of the configuration, one token for many requests', async () => {
    expect(await headers({ 'key-file': account })).toMatchObject({
      authorization: 'Bearer token-1',
    })
    expect(asked).toHaveLength(1)
    expect(asked[0]).toMatch(/^https:\/\/oauth2\.googleapis\.com\/token .*grant_type=/)
  })

  test('GOOGLE_APPLICATION_CREDENTIALS of the environment that was given', async () => {
    expect(
      await headers({}, { HOME: home, GOOGLE_APPLICATION_CREDENTIALS: account }),
    ).toMatchObject({ authorization: 'Bearer token-1' })
  })

  test('what gcloud auth application-default login left in the home', async () => {
    const left = join(home, '.config', 'gcloud', 'application_default_credentials.json')
    writeFileSync(left, JSON.stringify(USER))
    try {
      expect(await headers({})).toMatchObject({
        authorization: 'Bearer token-1',
        'x-goog-user-project': 'payer',
      })
      expect(asked[0]).toContain('refresh_token=refresh-geheim')
    } finally {
      rmSync(left)
    }
  })

  test('another service account, by the token of the first', async () => {
    const times = [
      good,
      () => Response.json({ accessToken: 'token-2', expireTime: new Date(Date.now() + 3.6e6) }),
    ]
    answer = () => times.shift()!()
    const impersonate = 'other@project.iam.gserviceaccount.com'
    expect(await headers({ 'key-file': account, impersonate })).toMatchObject({
      authorization: 'Bearer token-2',
    })
    expect(asked).toHaveLength(2)
    expect(asked[1]).toContain(
      `iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${impersonate}:generateAccessToken`,
    )
  })

  test('a file that cannot be read is told by its path', async () => {
    await expect(headers({ 'key-file': join(folder, 'none') })).rejects.toMatchObject({
      code: 'unauthenticated',
      message: expect.stringContaining('none'),
    })
  })

  test('a configuration may not name a file that says what to read and where to send it', async () => {
    const external = file('external.json', {
      type: 'external_account',
      token_url: 'http://127.0.0.1:9',
    })
    await expect(headers({ 'key-file': external })).rejects.toMatchObject({ code: 'bad-remote' })
    expect(asked).toEqual([])
  })

  test('a refusal is unauthenticated, without a secret; trouble at the token service is temporary', async () => {
    answer = bad(400)
    const failure = await headers({ 'key-file': account }).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'unauthenticated' })
    expect(String(failure)).not.toContain('PRIVATE KEY')
    answer = bad(503)
    await expect(headers({ 'key-file': account })).rejects.toMatchObject({ code: 'network' })
  })

  test.each([
    [{ anonymous: 'true' }, {}],
    [{ endpoint: 'http://127.0.0.1:9', 'key-file': account }, {}],
    [{ 'key-file': account }, { STORAGE_EMULATOR_HOST: 'localhost:9' }],
    [{ endpoint: 'https://storage.googleapis.com.evil.example', 'key-file': account }, {}],
    [{ endpoint: 'http://storage.googleapis.com', 'key-file': account }, {}],
  ])(
    'nobody, with %j and %j: no token leaves for another server',
    async (settings, environment) => {
      expect(await headers(settings, environment)).toEqual({})
      expect(asked).toEqual([])
    },
  )
})

describe('where the store is', () => {
  test.each([
    [{}, {}, 'https://storage.googleapis.com'],
    [{}, { STORAGE_EMULATOR_HOST: 'localhost:9023' }, 'http://localhost:9023'],
    [{}, { STORAGE_EMULATOR_HOST: 'https://emulator:1/' }, 'https://emulator:1'],
    [{}, { STORAGE_EMULATOR_HOST: 'http://e:1/storage/v1/' }, 'http://e:1'],
    [{}, { STORAGE_EMULATOR_HOST: '' }, 'https://storage.googleapis.com'],
    [{ endpoint: 'http://a:1' }, { STORAGE_EMULATOR_HOST: 'b:2' }, 'http://a:1'],
    [
      { endpoint: 'https://storage.europe-west3.rep.googleapis.com' },
      {},
      'https://storage.europe-west3.rep.googleapis.com',
    ],
  ])('%j and %j: %s', (settings, environment, origin) => {
    const endpoint = endpointOf({ settings, environment })
    expect(endpoint.origin).toBe(origin)
    expect(endpoint.isGoogle).toBe(origin.includes('googleapis'))
  })

  test.each([
    'http://storage.googleapis.com',
    'https://storagegoogleapis.com',
    'https://googleapis.com.example',
    'https://example/storage.googleapis.com',
    'https://storage.googleapis.com@example',
  ])('%s is not Google', (endpoint) => {
    let isGoogle = false
    try {
      isGoogle = endpointOf({ settings: { endpoint }, environment: {} }).isGoogle
    } catch (error) {
      expect(error).toMatchObject({ code: 'bad-remote' })
    }
    expect(isGoogle).toBe(false)
  })

  test.each(['ftp://host', 'http://host/path', 'http://user:geheim@host', 'http://'])(
    '%s makes no sense, and no secret is repeated',
    (endpoint) => {
      const open = (): unknown => endpointOf({ settings: { endpoint }, environment: {} })
      expect(open).toThrowError(expect.objectContaining({ code: 'bad-remote' }))
      expect(open).not.toThrowError(/geheim/)
    },
  )
})
