import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Connections, connect } from '@lsync/http'
import { credentialsOf } from '../src/credentials.ts'
import { fake, type Handler } from './fake.ts'

let home: string
const signal = new AbortController().signal
let connections: Connections

// The SDK reads the process's own environment, too: it must not find this machine's.
beforeEach(async () => {
  // A new one for each test: the SDK remembers what it read from a file.
  home = mkdtempSync(join(tmpdir(), 'lsync-s3-home-'))
  mkdirSync(join(home, '.aws'))
  for (const name of Object.keys(process.env))
    if (name.startsWith('AWS_')) vi.stubEnv(name, undefined)
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
  connections = await connect({ environment: {}, concurrency: 2 })
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await connections.destroy()
  rmSync(home, { recursive: true })
})

function chain(
  environment: Record<string, string>,
  settings: Record<string, string> = {},
  notices: string[] = [],
) {
  return credentialsOf(
    {
      signal,
      settings,
      environment: { HOME: home, ...environment },
      concurrency: 2,
      onNotice: (message) => notices.push(message),
    },
    connections,
  )
}

/** As STS gives them, for so many milliseconds. */
function given(operation: string, accessKeyId: string, lifetime: number): string {
  const until = new Date(Date.now() + lifetime).toISOString()
  return `<${operation}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${operation}Result><Credentials><AccessKeyId>${accessKeyId}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>${until}</Expiration></Credentials></${operation}Result></${operation}Response>`
}

const KEYS = { AWS_ACCESS_KEY_ID: 'AKIAENV', AWS_SECRET_ACCESS_KEY: 'secret' }

describe('who we are', () => {
  test('is in the environment', async () => {
    expect(await chain({ ...KEYS, AWS_SESSION_TOKEN: 'token' })()).toEqual({
      accessKeyId: 'AKIAENV',
      secretAccessKey: 'secret',
      sessionToken: 'token',
    })
    expect(await chain({ ...KEYS, AWS_SESSION_TOKEN: '' })()).not.toHaveProperty('sessionToken')
  })

  test('or in a profile, which stands above the keys of the environment', async () => {
    writeFileSync(
      join(home, '.aws', 'credentials'),
      `[default]
aws_access_key_id = AKIADEFAULT
aws_secret_access_key = s1
[other]
aws_access_key_id = AKIAOTHER
aws_secret_access_key = s2
`,
    )
    expect((await chain({})()).accessKeyId).toBe('AKIADEFAULT')
    expect((await chain({ ...KEYS, AWS_PROFILE: 'other' })()).accessKeyId).toBe('AKIAOTHER')
    expect((await chain(KEYS, { profile: 'other' })()).accessKeyId).toBe('AKIAOTHER')
  })

  test('or, last, in boto.cfg, and that is said once', async () => {
    writeFileSync(
      join(home, '.boto'),
      '[Credentials]\naws_access_key_id = AKIABOTO\naws_secret_access_key = s3\n',
    )
    const notices: string[] = []
    const credentials = chain({}, {}, notices)
    expect((await credentials()).accessKeyId).toBe('AKIABOTO')
    expect((await credentials()).secretAccessKey).toBe('s3')
    expect(notices).toEqual(['the credentials come from boto.cfg'])
    // A profile that was named and is not there must not become somebody else.
    await expect(chain({}, { profile: 'missing' })()).rejects.toMatchObject({
      code: 'unauthenticated',
      message: expect.stringContaining('in the profile missing'),
    })
  })

  test('or nowhere, which is said', async () => {
    await expect(chain({})()).rejects.toMatchObject({
      code: 'unauthenticated',
      detail: expect.stringContaining('boto.cfg'),
    })
  })

  test('a credential_process that fails does not show its arguments', async () => {
    writeFileSync(
      join(home, '.aws', 'config'),
      '[profile process]\ncredential_process = sh -c "exit 3" geheim\n',
    )
    const failure = await chain({ AWS_PROFILE: 'process' })().catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'unauthenticated' })
    expect(String(failure)).not.toContain('geheim')
  })

  test('may be a role, assumed once for all that ask, and never at the endpoint of the remote', async () => {
    let asked = 0
    const sts = await fake((_, response) => {
      asked++
      response.end(given('AssumeRole', `ASIA${asked}`, asked === 1 ? 60_000 : 3_600_000))
    })
    let wrong = 0
    const remote = await fake((_, response) => {
      wrong++
      response.writeHead(500).end()
    })
    try {
      vi.stubEnv('AWS_ENDPOINT_URL_STS', `http://127.0.0.1:${sts.port}`)
      const credentials = chain(KEYS, {
        role: 'arn:aws:iam::123456789012:role/r',
        endpoint: `http://127.0.0.1:${remote.port}`,
      })
      const all = await Promise.all(Array.from({ length: 8 }, credentials))
      expect(new Set(all.map(({ accessKeyId }) => accessKeyId))).toEqual(new Set(['ASIA1']))
      // They end soon: the next one who asks renews them; then they last.
      expect((await credentials()).accessKeyId).toBe('ASIA2')
      expect((await credentials()).accessKeyId).toBe('ASIA2')
      expect([asked, wrong]).toEqual([2, 0])
    } finally {
      await Promise.all([sts.stop(), remote.stop()])
    }
  })
})

const ROLE = 'arn:aws:iam::123456789012:role/r'
const MINUTE = 60_000

/** A token service that answers as `answer` says. */
async function withSts(answer: Handler, work: () => Promise<void>): Promise<void> {
  const sts = await fake(answer)
  vi.stubEnv('AWS_ENDPOINT_URL_STS', `http://127.0.0.1:${sts.port}`)
  vi.useFakeTimers({ toFake: ['Date'] })
  try {
    await work()
  } finally {
    vi.useRealTimers()
    await sts.stop()
  }
}

function refusal(code: string): string {
  return `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>no</Message></Error></ErrorResponse>`
}

describe('trouble at the token service passes', () => {
  beforeEach(() => {
    writeFileSync(
      join(home, '.boto'),
      '[Credentials]\naws_access_key_id = AKIABOTO\naws_secret_access_key = s3\n',
    )
  })

  test.each<[string, string, Handler]>([
    ['a failure', 'network', (_, response) => response.writeHead(503).end()],
    ['no answer', 'network', (request) => request.socket.destroy()],
    ['a request for a slower pace', 'network', (_, response) => response.writeHead(429).end()],
    [
      'one in words',
      'network',
      (_, response) => response.writeHead(400).end(refusal('Throttling')),
    ],
    [
      'a refusal',
      'unauthenticated',
      (_, response) => response.writeHead(403).end(refusal('AccessDenied')),
    ],
  ])(
    '%s there: %s',
    async (_, code, answer) => {
      await withSts(answer, async () => {
        await expect(chain(KEYS, { role: ROLE })()).rejects.toMatchObject({ code })
        const token = join(home, 'token')
        writeFileSync(token, 'a token of the cluster')
        vi.stubEnv('AWS_WEB_IDENTITY_TOKEN_FILE', token)
        vi.stubEnv('AWS_ROLE_ARN', ROLE)
        // And nobody becomes somebody else.
        await expect(chain({})()).rejects.toMatchObject({ code })
      })
    },
    20_000,
  )

  test('a role is kept until its end, without asking each time', async () => {
    let asked = 0
    const answer: Handler = (_, response) => {
      asked++
      if (asked === 1) response.end(given('AssumeRole', 'ASIA1', 4 * MINUTE))
      else response.writeHead(403).end(refusal('AccessDenied'))
    }
    await withSts(answer, async () => {
      const credentials = chain(KEYS, { role: ROLE })
      for (let time = 0; time < 3; time++) expect((await credentials()).accessKeyId).toBe('ASIA1')
      expect(asked).toBe(2)
      vi.setSystemTime(Date.now() + MINUTE)
      expect((await credentials()).accessKeyId).toBe('ASIA1')
      expect(asked).toBe(3)
      vi.setSystemTime(Date.now() + 3 * MINUTE)
      await expect(credentials()).rejects.toMatchObject({ code: 'unauthenticated' })
    })
  })

  test('who was found before stays who it is', async () => {
    const answers = join(home, 'answers.json')
    writeFileSync(join(home, '.aws', 'config'), `[default]\ncredential_process = cat ${answers}\n`)
    writeFileSync(
      answers,
      JSON.stringify({
        Version: 1,
        AccessKeyId: 'AKIAPROCESS',
        SecretAccessKey: 's',
        SessionToken: 't',
        Expiration: new Date(Date.now() + 30 * MINUTE).toISOString(),
      }),
    )
    await withSts(
      () => undefined,
      async () => {
        const credentials = chain({})
        expect((await credentials()).accessKeyId).toBe('AKIAPROCESS')
        rmSync(answers)
        vi.setSystemTime(Date.now() + 31 * MINUTE)
        await expect(credentials()).rejects.toMatchObject({ code: 'network' })
      },
    )
  })
})
