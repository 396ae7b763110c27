import { ServerMissing } from './builds.ts'
import { startFakeGcs, startMinio, startVersitygw } from './server.ts'

/** `pnpm servers`: all servers until Ctrl-C, with what a shell needs to talk to them. One that is just starting goes with the process, too. */
const running: { stop(): Promise<void> }[] = []
let stopping: Promise<void> | undefined

async function stopAll(): Promise<void> {
  stopping ??= Promise.all(running.map((server) => server.stop())).then(() => undefined)
  return stopping
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => {
    void stopAll().then(() => process.exit(0))
  })

try {
  const say = (line: string): void => {
    console.error(line)
  }
  for (const start of [startMinio, startVersitygw]) {
    const server = await start(say)
    running.push(server)
    await server.createBucket('lsync')
    console.log(`# ${server.name}, process ${server.pid}, with an empty bucket: s3://lsync
export AWS_ENDPOINT_URL_S3=${server.endpoint} AWS_ACCESS_KEY_ID=${server.accessKey} AWS_SECRET_ACCESS_KEY=${server.secretKey} AWS_REGION=us-east-1
`)
  }
  const gcs = await startFakeGcs(say)
  running.push(gcs)
  await gcs.createBucket('lsync')
  console.log(`# ${gcs.name}, process ${gcs.pid}, with an empty bucket: gs://lsync
export STORAGE_EMULATOR_HOST=${gcs.endpoint}
`)
  console.log('# Ctrl-C stops them and removes their data.')
  setInterval(() => undefined, 60_000)
} catch (error) {
  await stopAll()
  console.error(error instanceof ServerMissing ? error.message : error)
  process.exit(1)
}
