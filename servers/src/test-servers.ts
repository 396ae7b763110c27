import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ServerMissing } from './builds.ts'
import { type GcsServer, type Server, startFakeGcs, startMinio, startVersitygw } from './server.ts'

/**
 * `pnpm test:servers [files…]`: the suites for real servers, once on each of their kind (those of provider-gcs have one of their own). A server that is missing, a suite that ran nothing and a test that
 * skipped itself are failures: else they would look as green as those that passed.
 */
const root = fileURLToPath(new URL('../..', import.meta.url))
const reports = process.env['CI'] === undefined ? undefined : join(root, 'test-results')
const outcomes: string[] = []
let server: Server | GcsServer | undefined
let suites: ChildProcess | undefined
let stopped = false

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => {
    // The loop below goes on behind the end of the suites, and stops the server.
    stopped = true
    suites?.kill(signal)
    process.exitCode = 130
  })

const named = process.argv.slice(2).filter((argument) => /[/.]/.test(argument))
const asked = (gcs: boolean): boolean =>
  named.length === 0 || named.some((file) => file.includes('provider-gcs') === gcs)

for (const [name, start] of [
  ['minio', startMinio],
  ['versitygw', startVersitygw],
  ['fake-gcs-server', startFakeGcs],
] as const) {
  if (stopped) break
  if (!asked(start === startFakeGcs)) continue
  const outcome = await testOn(name, start)
  outcomes.push(`${name}: ${outcome.words}`)
  if (!outcome.good) process.exitCode ??= 1
}
console.log(outcomes.join('\n'))

interface Outcome {
  readonly good: boolean
  readonly words: string
}

async function testOn(
  name: string,
  start: typeof startMinio | typeof startFakeGcs,
): Promise<Outcome> {
  const folder = reports ?? mkdtempSync(join(tmpdir(), 'lsync-report-'))
  mkdirSync(folder, { recursive: true })
  const report = join(folder, `${name}.json`)
  try {
    server = await start((line) => {
      console.error(line)
    })
    return outcomeOf(stopped ? 130 : await runSuites(server, report), report)
  } catch (error) {
    if (error instanceof ServerMissing) return { good: false, words: error.message }
    throw error
  } finally {
    await server?.stop()
    server = undefined
    if (reports === undefined) rmSync(folder, { recursive: true, force: true })
  }
}

/** Where the suites find the server. */
function environmentOf(running: Server | GcsServer): Record<string, string> {
  const { name, endpoint } = running
  if (!('accessKey' in running))
    return {
      LSYNC_TEST_SERVER: name,
      LSYNC_TEST_STORE: 'gcs',
      STORAGE_EMULATOR_HOST: endpoint,
    }
  const { accessKey, secretKey } = running
  return {
    LSYNC_TEST_SERVER: name,
    LSYNC_TEST_STORE: 's3',
    LSYNC_TEST_S3_ENDPOINT: endpoint,
    LSYNC_TEST_S3_ACCESS_KEY: accessKey,
    LSYNC_TEST_S3_SECRET_KEY: secretKey,
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_ACCESS_KEY_ID: accessKey,
    AWS_SECRET_ACCESS_KEY: secretKey,
    AWS_REGION: 'us-east-1',
  }
}

function runSuites(running: Server | GcsServer, report: string): Promise<number> {
  const child = spawn(
    'vitest',
    [
      'run',
      '--config',
      'vitest.servers.config.ts',
      '--reporter=default',
      '--reporter=json',
      `--outputFile=${report}`,
      ...process.argv.slice(2),
    ],
    {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...environmentOf(running) },
    },
  )
  suites = child
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => {
      suites = undefined
      resolve(code ?? 1)
    })
  })
}

function outcomeOf(code: number, report: string): Outcome {
  let counts: Readonly<Record<string, number>>
  try {
    counts = JSON.parse(readFileSync(report, 'utf8')) as typeof counts
  } catch {
    return { good: false, words: `the suites ended with code ${code} and no report` }
  }
  const { numPassedTests: passed = 0, numFailedTests: failed = 0, numPendingTests = 0 } = counts
  const skipped = numPendingTests + (counts['numTodoTests'] ?? 0)
  return {
    good: code === 0 && passed > 0 && failed === 0 && skipped === 0,
    words: `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped, which may not be` : ''}${passed + failed === 0 ? ': no test ran' : ''}`,
  }
}
