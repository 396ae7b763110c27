import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Connections, connect } from '@lsync/http'
import { credentialsOf } from '../src/credentials.ts'
import { fake } from './fake.ts'

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
      const until = new Date(Date.now() + (asked === 1 ? 60_000 : 3_600_000)).toISOString()
      response.end(
        `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>ASIA${asked}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>${until}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
      )
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
