import { spawn } from 'node:child_process'
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import aws4 from 'aws4'
import { atExit } from './at-exit.ts'
import { type Build, ensureBuilt, FAKE_GCS, MINIO, ServerMissing, VERSITYGW } from './builds.ts'
import type { Endpoint } from './endpoint.ts'

/** A process with fresh data. `stop` kills it, by its id, and removes the data. */
interface Running {
  readonly name: string
  /** `http://host:port` */
  readonly endpoint: string
  readonly pid: number
  stop(): Promise<void>
}

/** A running S3 server. */
export interface Server extends Endpoint, Running {}

/** A running server that speaks the JSON API of Google Cloud Storage; it asks nobody who he is. */
export interface GcsServer extends Running {
  createBucket(name: string): Promise<void>
}

const ACCESS_KEY = 'lsync-tests'
const SECRET_KEY = 'lsync-tests-secret'
const READY_WITHIN = 30_000

export async function startMinio(say: (line: string) => void = () => undefined): Promise<Server> {
  const console = await freePort()
  return startS3(MINIO, say, (port, data) => ({
    args: [
      'server',
      '--address',
      `127.0.0.1:${port}`,
      '--console-address',
      `127.0.0.1:${console}`,
      data,
    ],
    env: { MINIO_ROOT_USER: ACCESS_KEY, MINIO_ROOT_PASSWORD: SECRET_KEY, MINIO_BROWSER: 'off' },
  }))
}

export async function startVersitygw(
  say: (line: string) => void = () => undefined,
): Promise<Server> {
  return startS3(VERSITYGW, say, (port, data) => ({
    args: ['--port', `127.0.0.1:${port}`, 'posix', data],
    env: { ROOT_ACCESS_KEY: ACCESS_KEY, ROOT_SECRET_KEY: SECRET_KEY },
  }))
}

export async function startFakeGcs(
  say: (line: string) => void = () => undefined,
): Promise<GcsServer> {
  const running = await start(FAKE_GCS, say, (port) => ({
    args: [
      '-scheme',
      'http',
      '-host',
      '127.0.0.1',
      '-port',
      String(port),
      '-backend',
      'memory',
      '-public-host',
      `127.0.0.1:${port}`,
    ],
    env: {},
  }))
  return { ...running, createBucket: (name) => createGcsBucket(running.endpoint, name) }
}

type How = (
  port: number,
  data: string,
) => { readonly args: readonly string[]; readonly env: Record<string, string> }

async function startS3(build: Build, say: (line: string) => void, how: How): Promise<Server> {
  const running = await start(build, say, how)
  return {
    ...running,
    accessKey: ACCESS_KEY,
    secretKey: SECRET_KEY,
    createBucket: (name) => createBucket(running.endpoint, ACCESS_KEY, SECRET_KEY, name),
  }
}

async function start(build: Build, say: (line: string) => void, how: How): Promise<Running> {
  const program = await ensureBuilt(build, say)
  const folder = mkdtempSync(join(tmpdir(), `lsync-${build.name}-`))
  const data = mkdtempSync(join(folder, 'data-'))
  const port = await freePort()
  const { args, env } = how(port, data)
  const log = join(folder, 'log')
  const output = openSync(log, 'w')
  const child = spawn(program, args, {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', output, output],
  })
  let ended = false
  const exited = new Promise<void>((resolve) => {
    for (const event of ['exit', 'error'])
      child.once(event, () => {
        ended = true
        resolve()
      })
  })
  const stay = atExit(() => {
    child.kill('SIGKILL')
    removeFolder(folder)
  })
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL')
    await exited
    stay()
    removeFolder(folder)
  }
  const endpoint = `http://127.0.0.1:${port}`
  const until = Date.now() + READY_WITHIN
  for (;;) {
    if (ended) {
      const said = readFileSync(log, 'utf8').trim().split('\n').at(-1) ?? ''
      stay()
      removeFolder(folder)
      throw new ServerMissing(`${build.name} stopped right after its start: ${said}`)
    }
    if (await answers(endpoint)) break
    if (Date.now() > until) {
      await stop()
      throw new ServerMissing(`${build.name} did not answer within ${READY_WITHIN / 1000} s`)
    }
    await sleep(50)
  }
  return { name: build.name, endpoint, pid: child.pid ?? 0, stop }
}

/** Any answer at all: a server that refuses the credentials is up, too. */
async function answers(endpoint: string): Promise<boolean> {
  try {
    const { status } = await fetch(endpoint, { signal: AbortSignal.timeout(1000) })
    return status !== 503
  } catch {
    return false
  }
}

export async function createBucket(
  endpoint: string,
  accessKeyId: string,
  secretAccessKey: string,
  bucket: string,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const { host } = new URL(endpoint)
    const signed = aws4.sign(
      { service: 's3', region: 'us-east-1', method: 'PUT', host, path: `/${bucket}`, headers: {} },
      { accessKeyId, secretAccessKey },
    )
    const answer = await fetch(`${endpoint}/${bucket}`, {
      method: 'PUT',
      // Not kept: a test that blocks this process does not see that the server closes it.
      headers: { ...(signed.headers as Record<string, string>), connection: 'close' },
    })
    if (answer.ok) return
    // A server that just came up may not be ready for writes yet.
    if (attempt === 20)
      throw new Error(`no bucket ${bucket}: ${answer.status} ${await answer.text()}`)
    await sleep(100)
  }
}

export async function createGcsBucket(endpoint: string, name: string): Promise<void> {
  const answer = await fetch(`${endpoint}/storage/v1/b?project=tests`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name }),
  })
  if (!answer.ok) throw new Error(`no bucket ${name}: ${answer.status} ${await answer.text()}`)
}

/** A process that was told to die may write for another moment. */
function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => {
        resolve(typeof address === 'object' && address !== null ? address.port : 0)
      })
    })
  })
}
