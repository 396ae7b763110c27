import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { basename, join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Disk } from '../../src/disk/disk.ts'
import { temporaryDisk } from './temporary.ts'

/** These calls fail so, as the system's own do. */
const failing = vi.hoisted(() => new Map<string, Error>())

vi.mock(import('node:fs'), async (original) => {
  const { default: fs } = await original()
  const check = (call: string): void => {
    const error = failing.get(call)
    if (error !== undefined) throw error
  }
  const around = <T extends (...given: never[]) => unknown>(call: string, real: T): T =>
    ((...given: Parameters<T>) => {
      check(call)
      return real(...given)
    }) as T
  const own = {
    ...fs,
    writeSync: around('write', fs.writeSync),
    renameSync: around('rename', fs.renameSync),
    unlinkSync: around('unlink', fs.unlinkSync),
    rmSync: around('unlink', fs.rmSync),
    open: ((path: string, flags: number, done: (error: Error | null, fd?: number) => void) => {
      const error = failing.get(`open ${basename(path)}`)
      if (error === undefined) fs.open(path, flags, done)
      else done(error)
    }) as typeof fs.open,
    fsync: ((descriptor: number, done: (error: Error | null) => void) => {
      const error = fs.fstatSync(descriptor).isFile() ? failing.get('fsync') : undefined
      if (error === undefined) fs.fsync(descriptor, done)
      else done(error)
    }) as typeof fs.fsync,
  }
  return { ...own, default: own }
})

function fail(calls: readonly string[], code: string, message: string, errno: number): void {
  for (const call of calls)
    failing.set(
      call,
      Object.assign(new Error(`${code}: ${message}, ${call}`), { code, errno, syscall: call }),
    )
}

const lsyncOf = (root: string): string[] => readdirSync(join(root, '.lsync')).toSorted()

function scene(): { readonly root: string; readonly disk: Disk } {
  const { root, disk } = temporaryDisk()
  // Before the folder is tidied away.
  onTestFinished(() => {
    failing.clear()
  })
  mkdirSync(join(root, '.lsync'))
  return { root, disk }
}

test('a quota that is used up is no room, though Node has no name for it', async () => {
  const { disk } = scene()
  const number = -constants.errno.EDQUOT
  const nameless = `Unknown system error ${number}`
  fail(['write'], nameless, nameless, number)
  await expect(disk.appendText('.lsync/journal.yaml', 'line\n')).rejects.toMatchObject({
    code: 'no-space',
    path: '.lsync/journal.yaml',
    message: 'the quota of this disk is used up, EDQUOT',
  })
})

test('a lock that cannot be written leaves nothing behind', async () => {
  const { root, disk } = scene()
  fail(['write'], 'ENOSPC', 'no space left on device', -28)
  await expect(disk.createText('.lsync/lock', 'text')).rejects.toMatchObject({ code: 'no-space' })
  expect(lsyncOf(root)).toEqual([])
})

test('a file that cannot be written whole leaves nothing behind', async () => {
  const { root, disk } = scene()
  const files = [{ name: 'one', bytes: new Uint8Array(3), executable: false, mtime: 0 }]
  fail(['write'], 'ENOSPC', 'no space left on device', -28)
  expect(await disk.createAll('.lsync', files)).toMatchObject([
    { code: 'no-space', path: '.lsync/one' },
  ])
  expect(lsyncOf(root)).toEqual([])
  fail(['unlink'], 'EROFS', 'read-only file system', -30)
  expect(await disk.createAll('.lsync', files)).toMatchObject([{ code: 'no-space' }])
})

test('where a file can be neither written nor tidied away, the first failure is told', async () => {
  const { root, disk } = scene()
  const told = { code: 'read-only', message: 'read-only file system, EROFS' }
  fail(['rename'], 'EROFS', 'read-only file system', -30)
  await expect(disk.replaceText('.lsync/x.yaml', 'new')).rejects.toMatchObject(told)
  expect(lsyncOf(root)).toEqual([])
  async function* text() {
    yield 'new'
    // From here on: what was left by somebody else before went well.
    fail(['unlink'], '', 'Unknown error: Read-only file system', -4094)
  }
  await expect(disk.replaceText('.lsync/x.yaml', text())).rejects.toMatchObject(told)
})

test('of many that are flushed, the one that failed is named', async () => {
  const { root, disk } = scene()
  mkdirSync(join(root, 'folder'))
  writeFileSync(join(root, 'folder/file'), '')
  fail(['fsync'], 'EIO', 'i/o error', -5)
  await expect(disk.flush(['', 'folder', '.lsync', 'folder/file'])).rejects.toMatchObject({
    code: 'io',
    path: 'folder/file',
  })
})

test('what cannot be opened is flushed with all else; what cannot be flushed is told, whatever becomes of the rest', async () => {
  const { root, disk } = scene()
  writeFileSync(join(root, 'file'), '')
  fail(['open file'], 'EIO', 'i/o error', -5)
  await disk.flush(['file'])
  failing.clear()
  fail(['fsync'], 'EIO', 'i/o error', -5)
  await expect(disk.flush(['file'])).rejects.toMatchObject({ code: 'io', path: 'file' })
})

test.runIf(process.platform === 'linux')(
  'without the command that flushes a file system everything is flushed one by one, and what fails is named (on Linux; elsewhere one by one takes too long)',
  async () => {
    const { root, disk } = scene()
    mkdirSync(join(root, 'folder'))
    writeFileSync(join(root, 'folder/file'), '')
    symlinkSync('/nowhere', join(root, 'link'))
    vi.stubEnv('PATH', root)
    onTestFinished(() => {
      vi.unstubAllEnvs()
    })
    await disk.flushAll()
    fail(['fsync'], 'EIO', 'i/o error', -5)
    await expect(disk.flushAll()).rejects.toMatchObject({ code: 'io', path: 'folder/file' })
  },
)
