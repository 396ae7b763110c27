import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { CONTRACT_VERSION } from '@lsync/core/provider'
import { startFaultyGcs } from '@lsync/servers'
import { expect, test } from 'vitest'
import gcs from '../src/index.ts'

const MODULE = fileURLToPath(new URL('../src/index.ts', import.meta.url))

/** The addresses of what is loaded by a process that imports the module as `gcs` and runs the script. */
async function loadedBy(script: string): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--conditions=@lsync/source',
    '--input-type=module',
    '--eval',
    `
    import { registerHooks } from 'node:module'
    const loaded = []
    registerHooks({ resolve(specifier, context, next) {
      const found = next(specifier, context)
      loaded.push(found.url)
      return found
    } })
    const { default: gcs } = await import(${JSON.stringify(MODULE)})
    ${script}
    console.log(JSON.stringify(loaded))`,
  ])
  return JSON.parse(stdout) as string[]
}

test('the module says what it is', () => {
  expect(gcs).toMatchObject({ contract: CONTRACT_VERSION, scheme: 'gs' })
  expect(Object.keys(gcs.settings)).toContain('endpoint')
})

test('loading it loads no SDK and no HTTP client', async () => {
  const loaded = await loadedBy('')
  expect(loaded.length).toBeGreaterThan(2)
  expect(loaded.filter((url) => /undici|google|crc32|open\.ts/.test(url))).toEqual([])
})

test('a run without credentials to fetch loads nothing of Google', async () => {
  const server = await startFaultyGcs({ buckets: ['bucket'] })
  try {
    const loaded = await loadedBy(`
      const signal = new AbortController().signal
      const provider = await gcs.open('gs://bucket', {
        signal, settings: {}, concurrency: 2, environment: { STORAGE_EMULATOR_HOST: ${JSON.stringify(server.endpoint)} },
      })
      for await (const page of provider.list({ prefix: '' }, { signal })) void page
      await provider[Symbol.asyncDispose]()`)
    expect(loaded.some((url) => /packages\/http/.test(url))).toBe(true)
    expect(loaded.filter((url) => /google|undici/.test(url))).toEqual([])
  } finally {
    await server.stop()
  }
})
