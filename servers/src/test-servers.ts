import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { ServerMissing } from './builds.ts'
import { type Server, startMinio, startVersitygw } from './server.ts'

/** `pnpm test:servers`: the suites for real servers, once on each. A server that is missing, or a suite that ran nothing, is a failure. */
const root = fileURLToPath(new URL('../..', import.meta.url))
let failed = false

for (const start of [startMinio, startVersitygw]) {
  let server: Server | undefined
  try {
    server = await start((line) => {
      console.error(line)
    })
    const code = await runSuites(server)
    console.log(`${server.name}: ${code === 0 ? 'passed' : 'failed'}`)
    failed ||= code !== 0
  } catch (error) {
    failed = true
    console.error(error instanceof ServerMissing ? error.message : error)
  } finally {
    await server?.stop()
  }
}
process.exitCode = failed ? 1 : 0

function runSuites(server: Server): Promise<number> {
  const { name, endpoint, accessKey, secretKey } = server
  const report =
    process.env['CI'] === undefined
      ? []
      : ['--reporter=default', '--reporter=json', `--outputFile=test-results/${name}.json`]
  const child = spawn('vitest', ['run', '--config', 'vitest.servers.config.ts', ...report], {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      LSYNC_TEST_SERVER: name,
      AWS_ENDPOINT_URL_S3: endpoint,
      AWS_ACCESS_KEY_ID: accessKey,
      AWS_SECRET_ACCESS_KEY: secretKey,
      AWS_REGION: 'us-east-1',
    },
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => {
      resolve(code ?? 1)
    })
  })
}
