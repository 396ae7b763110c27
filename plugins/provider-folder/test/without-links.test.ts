import { existsSync, mkdirSync, mkdtempSync, type PathLike, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { conformance } from '@lsync/conformance'
import { bytesSource } from '@lsync/core/provider'
import { afterAll, expect, test, vi } from 'vitest'
import folder from '../src/index.ts'

/** A file system like FAT: it knows neither hard links nor modes, and refuses both. */
vi.mock(import('node:fs'), async (original) => {
  const fs = await original()
  const refuse = (): never => {
    throw Object.assign(new Error('EPERM: operation not permitted'), { code: 'EPERM' })
  }
  // And like exFAT by FUSE, which has no such file wherever a name has a question mark.
  const odd = (path: unknown): void => {
    if (String(path).includes('?'))
      throw Object.assign(new Error('ENOENT: no such file or directory'), { code: 'ENOENT' })
  }
  return {
    ...fs,
    linkSync: refuse,
    chmodSync: refuse,
    mkdirSync: ((path: PathLike) => {
      odd(path)
      return fs.mkdirSync(path)
    }) as typeof fs.mkdirSync,
    renameSync(from: PathLike, to: PathLike) {
      odd(to)
      fs.renameSync(from, to)
    },
  }
})

const root = mkdtempSync(join(tmpdir(), 'lsync-folder-'))
afterAll(() => {
  rmSync(root, { recursive: true, force: true })
})

const signal = new AbortController().signal
const open = () =>
  folder.open(`file://${root}`, { signal, settings: {}, environment: {}, concurrency: 8 })

conformance(test, { name: 'folder without hard links', open })

test('what is refused takes away no folder that was there', async () => {
  await using provider = await open()
  mkdirSync(join(root, 'of somebody'))
  const source = bytesSource(Buffer.from('content'))
  await expect(
    provider.write('of somebody/new/what?', source, {
      signal,
      expect: { kind: 'absent' },
      metadata: { user: {} },
    }),
  ).rejects.toMatchObject({ code: 'bad-key' })
  expect(existsSync(join(root, 'of somebody'))).toBe(true)
  expect(existsSync(join(root, 'of somebody', 'new'))).toBe(false)
})

test.each(['what?', 'what?/file', 'a/b?/c/file', 'folder?/'])(
  'a name that cannot be kept is told: %s',
  async (key) => {
    await using provider = await open()
    const source = bytesSource(Buffer.from(key.endsWith('/') ? '' : 'content'))
    await expect(
      provider.write(key, source, { signal, expect: { kind: 'absent' }, metadata: { user: {} } }),
    ).rejects.toMatchObject({ code: 'bad-key' })
  },
)
