import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { CONTRACT_VERSION } from '@lsync/core/provider'
import { expect, test } from 'vitest'
import s3 from '../src/index.ts'

test('the module says what it is', () => {
  expect(s3).toMatchObject({ contract: CONTRACT_VERSION, scheme: 's3' })
  expect(Object.keys(s3.settings)).toContain('endpoint')
})

test('loading it loads no SDK and no HTTP client', async () => {
  const module = fileURLToPath(new URL('../src/index.ts', import.meta.url))
  const script = `
    import { registerHooks } from 'node:module'
    const loaded = []
    registerHooks({ resolve(specifier, context, next) {
      const found = next(specifier, context)
      loaded.push(found.url)
      return found
    } })
    const { default: s3 } = await import(${JSON.stringify(module)})
    console.log(JSON.stringify({ scheme: s3.scheme, loaded }))`
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--conditions=@lsync/source',
    '--input-type=module',
    '--eval',
    script,
  ])
  const { scheme, loaded } = JSON.parse(stdout) as { scheme: string; loaded: string[] }
  expect(scheme).toBe('s3')
  expect(loaded.length).toBeGreaterThan(2)
  expect(loaded.filter((url) => /undici|aws|smithy|open\.ts/.test(url))).toEqual([])
})
