import { fstatSync, lstatSync, mkdtempSync, type PathLike, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bytesSource, type Expect } from '@lsync/core/provider'
import { expect, onTestFinished, test, vi } from 'vitest'
import folder from '../src/index.ts'

/** What was flushed, and what took a name, in this order; by inode. */
const calls = vi.hoisted((): { readonly call: 'flush' | 'rename'; readonly inode: number }[] => [])

vi.mock(import('node:fs'), async (original) => {
  const fs = await original()
  return {
    ...fs,
    fsync: ((descriptor: number, done: (error: Error | null) => void) => {
      calls.push({ call: 'flush', inode: fstatSync(descriptor).ino })
      fs.fsync(descriptor, done)
    }) as typeof fs.fsync,
    renameSync(from: PathLike, to: PathLike) {
      calls.push({ call: 'rename', inode: lstatSync(from).ino })
      fs.renameSync(from, to)
    },
  }
})

const { signal } = new AbortController()

test('a version is on the disk before it takes the place of another one, which would be lost with it in a power cut', async () => {
  const root = mkdtempSync(join(tmpdir(), 'lsync-folder-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  await using provider = await folder.open(`file://${root}`, {
    signal,
    settings: {},
    environment: {},
    concurrency: 1,
  })
  const write = (text: string, expected: Expect) =>
    provider.write('f', bytesSource(Buffer.from(text)), {
      signal,
      expect: expected,
      metadata: { user: {} },
    })
  const { version } = await write('one', { kind: 'absent' })
  calls.length = 0
  await write('two', { kind: 'version', version })
  const { ino } = lstatSync(join(root, 'f'))
  expect(calls.filter(({ inode }) => inode === ino).map(({ call }) => call)).toEqual([
    'flush',
    'rename',
  ])
})
