import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import folder from '../src/index.ts'

const signal = new AbortController().signal

test('what is wrong with the folder itself is said of it by its name', async () => {
  const root = mkdtempSync(join(tmpdir(), 'lsync-root-'))
  onTestFinished(() => {
    rmSync(root, { recursive: true, force: true })
  })
  writeFileSync(join(root, 'file'), '')
  symlinkSync(join(root, 'nowhere'), join(root, 'dangling'))
  symlinkSync('loop', join(root, 'loop'))
  const failure = (name: string, create: boolean): Promise<unknown> => {
    const options = { signal, settings: {}, environment: {}, concurrency: 2, create }
    return folder.open(`file://${join(root, name)}`, options).catch((error: unknown) => error)
  }
  for (const [name, create, code] of [
    ['file', true, 'bad-remote'],
    ['file/below', true, 'bad-remote'],
    ['dangling', true, 'no-remote'],
    ['file', false, 'no-remote'],
    ['dangling', false, 'no-remote'],
    ['loop', false, 'bad-key'],
  ] as const)
    expect(await failure(name, create)).toMatchObject({
      code,
      message: expect.stringContaining(join(root, name)),
    })
})
