import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { BlobServiceClient } from '@azure/storage-blob'

const require = createRequire(import.meta.url)

export interface Azurite {
  /** What the provider finds in its environment. */
  readonly connection: string
  readonly stop: () => Promise<void>
}

/** Azurite's own account, which everybody knows. */
const ACCOUNT = 'devstoreaccount1'
const KEY =
  'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='

/** Azurite with nothing in it but a container, on a port that is free. It goes with this process at the latest. */
export async function startAzurite(container: string): Promise<Azurite> {
  const child = spawn(
    process.execPath,
    [
      require.resolve('azurite/dist/src/blob/main.js'),
      '--blobPort',
      '0',
      '--inMemoryPersistence',
      '--disableTelemetry',
      '--skipApiVersionCheck',
      '--silent',
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const kill = (): boolean => child.kill('SIGKILL')
  process.once('exit', kill)
  const exited = new Promise<void>((resolve) => {
    child.once('close', () => {
      resolve()
    })
  })
  const endpoint = await new Promise<string>((resolve, reject) => {
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text
      const address = /listens on (http:\S+)/.exec(said)?.[1]
      if (address !== undefined) resolve(address)
    })
    child.once('close', () => {
      reject(new Error(`Azurite ended before it listened: ${said}`))
    })
  })
  const connection = `DefaultEndpointsProtocol=http;AccountName=${ACCOUNT};AccountKey=${KEY};BlobEndpoint=${endpoint}/${ACCOUNT};`
  await BlobServiceClient.fromConnectionString(connection).getContainerClient(container).create()
  return {
    connection,
    async stop() {
      process.off('exit', kill)
      kill()
      await exited
    },
  }
}
