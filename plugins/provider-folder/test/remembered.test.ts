import { execFileSync } from 'node:child_process'
import {
  type BigIntStats,
  existsSync,
  mkdtempSync,
  type Mode,
  type OpenMode,
  type PathLike,
  readFileSync,
  rmSync,
  type Stats,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { bytesSource, type Expect, type StorageProvider } from '@lsync/core/provider'
import { expect, onTestFinished, test, vi } from 'vitest'
import folder from '../src/index.ts'

interface Seen {
  readonly plain: Stats | undefined
  readonly bigint: BigIntStats | undefined
}

/** What this machine remembers of a share, by path: what was looked at once is not asked for again. */
const share = vi.hoisted(() => ({
  known: new Map<string, Seen>(),
  isHere: false,
  hasLinks: true,
  unreadable: '',
  closed: '',
}))

/** The file system of a share as NFS shows it, while `isHere`; else as the server has it, and as other machines do. */
vi.mock(import('node:fs'), async (original) => {
  const fs = await original()
  const failure = (code: string): Error => Object.assign(new Error(`${code}: no`), { code })
  const forget = (path: PathLike): void => {
    if (share.isHere) share.known.delete(path as string)
  }
  const look = (path: string): Seen => ({
    plain: fs.lstatSync(path, { throwIfNoEntry: false }),
    bigint: fs.lstatSync(path, { bigint: true, throwIfNoEntry: false }),
  })
  return {
    ...fs,
    lstatSync: ((path: string, options?: { bigint?: boolean; throwIfNoEntry?: boolean }) => {
      const seen = (share.isHere ? share.known.get(path) : undefined) ?? look(path)
      if (share.isHere) share.known.set(path, seen)
      const stat = options?.bigint === true ? seen.bigint : seen.plain
      if (stat === undefined && options?.throwIfNoEntry !== false) throw failure('ENOENT')
      return stat
    }) as unknown as typeof fs.lstatSync,
    /** Asks the server: for the state of a file, for the names in a folder. */
    openSync(path: PathLike, flags: OpenMode, mode?: Mode | null) {
      const isNew = flags === 'wx' || (Number(flags) & fs.constants.O_CREAT) !== 0
      const seen = share.isHere && !isNew ? share.known.get(path as string) : undefined
      if (seen !== undefined && seen.plain === undefined) throw failure('ENOENT')
      if (share.isHere && path === share.unreadable) throw failure('EACCES')
      const descriptor = fs.openSync(path, flags, mode)
      if (share.isHere && fs.fstatSync(descriptor).isDirectory())
        for (const known of share.known.keys())
          if (dirname(known) === path) share.known.delete(known)
      forget(path)
      return descriptor
    },
    renameSync(from: PathLike, to: PathLike) {
      if (share.isHere && to === share.closed) throw failure('EACCES')
      forget(from)
      forget(to)
      fs.renameSync(from, to)
    },
    linkSync(from: PathLike, to: PathLike) {
      if (!share.hasLinks) throw failure('EPERM')
      if (share.isHere && to === share.closed) throw failure('EACCES')
      fs.linkSync(from, to)
      forget(from)
      forget(to)
    },
    unlinkSync(path: PathLike) {
      if (share.isHere && path === share.closed) throw failure('EACCES')
      forget(path)
      fs.unlinkSync(path)
    },
  }
})

const { signal } = new AbortController()
const metadata = { user: {} }

async function scene() {
  const root = mkdtempSync(join(tmpdir(), 'lsync-remembered-'))
  const options = { signal, settings: {}, environment: {}, concurrency: 1 }
  const here = await folder.open(`file://${root}`, options)
  const there = await folder.open(`file://${root}`, options)
  onTestFinished(async () => {
    Object.assign(share, { isHere: false, hasLinks: true, unreadable: '', closed: '' })
    share.known.clear()
    await here[Symbol.asyncDispose]()
    await there[Symbol.asyncDispose]()
    rmSync(root, { recursive: true, force: true })
  })
  const onThisMachine = async <T>(work: (provider: StorageProvider) => Promise<T>): Promise<T> => {
    share.isHere = true
    try {
      return await work(here)
    } finally {
      share.isHere = false
    }
  }
  return { root, there, onThisMachine }
}

const put = (provider: StorageProvider, key: string, text: string, condition: Expect) =>
  provider.write(key, bytesSource(Buffer.from(text)), { signal, expect: condition, metadata })
const ABSENT: Expect = { kind: 'absent' }
const REFUSED = { code: 'precondition-failed' }

test.each(['replaced', 'removed'])(
  'what another machine wrote a moment ago is not %s for what is remembered of it',
  async (how) => {
    const { root, there, onThisMachine } = await scene()
    const { version } = await put(there, 'docs/key', 'first', ABSENT)
    await onThisMachine((here) => here.head('docs/key', { signal }))
    await put(there, 'docs/key', 'second', { kind: 'version', version })
    await onThisMachine(async (here) => {
      // What this test is about.
      expect((await here.head('docs/key', { signal }))?.version).toBe(version)
      await expect(
        how === 'removed'
          ? here.remove('docs/key', { signal, expect: version })
          : put(here, 'docs/key', 'third', { kind: 'version', version }),
      ).rejects.toMatchObject(REFUSED)
    })
    expect(readFileSync(join(root, 'docs/key'), 'utf8')).toBe('second')
  },
)

test('nor where the file may not be read', async () => {
  const { root, there, onThisMachine } = await scene()
  const { version } = await put(there, 'key', 'first', ABSENT)
  await onThisMachine((here) => here.head('key', { signal }))
  const second = await put(there, 'key', 'second', { kind: 'version', version })
  share.unreadable = join(root, 'key')
  await onThisMachine(async (here) => {
    await expect(here.remove('key', { signal, expect: version })).rejects.toMatchObject(REFUSED)
    await here.remove('key', { signal, expect: second.version })
  })
  expect(existsSync(join(root, 'key'))).toBe(false)
})

test('one file that is closed to this user is a matter of this file alone', async () => {
  const { root, there, onThisMachine } = await scene()
  await put(there, 'key', 'text', ABSENT)
  share.unreadable = join(root, 'key')
  await onThisMachine((here) =>
    expect(here.read('key', { signal })).rejects.toMatchObject({
      code: 'unreadable',
      key: 'key',
      detail: 'EACCES',
    }),
  )
})

test('so is one in a place where this user may change nothing, unless it is lsync’s own', async () => {
  const { root, there, onThisMachine } = await scene()
  const { version } = await put(there, 'old', 'text', ABSENT)
  await onThisMachine(async (here) => {
    share.closed = join(root, 'old')
    await expect(put(here, 'old', 'ours', { kind: 'version', version })).rejects.toMatchObject({
      code: 'refused',
      key: 'old',
      detail: 'EACCES',
    })
    await expect(here.remove('old', { signal, expect: version })).rejects.toMatchObject({
      code: 'refused',
    })
    for (const [key, code] of [
      ['new', 'refused'],
      ['.lsync/new', 'forbidden'],
    ] as const) {
      share.closed = join(root, key)
      await expect(put(here, key, 'ours', ABSENT)).rejects.toMatchObject({ code })
    }
  })
})

test('nor where it is remembered that nothing was there, and the disk knows no hard links', async () => {
  const { root, there, onThisMachine } = await scene()
  share.hasLinks = false
  await onThisMachine((here) => here.head('key', { signal }))
  await put(there, 'key', 'theirs', ABSENT)
  await onThisMachine(async (here) => {
    expect(await here.head('key', { signal })).toBeUndefined()
    await expect(put(here, 'key', 'ours', ABSENT)).rejects.toMatchObject(REFUSED)
  })
  expect(readFileSync(join(root, 'key'), 'utf8')).toBe('theirs')
})

test('marks of folders are no other', async () => {
  const { there, onThisMachine } = await scene()
  await onThisMachine((here) => here.head('new/', { signal }))
  await put(there, 'new/', '', ABSENT)
  const { version } = await put(there, 'kept/', '', ABSENT)
  await onThisMachine((here) => here.head('kept/', { signal }))
  const now = await put(there, 'kept/', '', { kind: 'version', version })
  await onThisMachine(async (here) => {
    await expect(put(here, 'new/', '', ABSENT)).rejects.toMatchObject(REFUSED)
    await expect(here.remove('kept/', { signal, expect: version })).rejects.toMatchObject(REFUSED)
  })
  expect(await there.head('kept/', { signal })).toMatchObject({ version: now.version })
})

test.each(['pipe', 'link'])(
  'a %s in the place of a file is neither waited for nor followed',
  async (kind) => {
    const { root, there } = await scene()
    const place = join(root, 'key')
    const { version } = await put(there, 'key', 'first', ABSENT)
    rmSync(place)
    writeFileSync(join(root, 'other'), 'other')
    if (kind === 'pipe') execFileSync('mkfifo', [place])
    else symlinkSync('other', place)
    await expect(put(there, 'key', 'x', { kind: 'version', version })).rejects.toMatchObject(
      REFUSED,
    )
    await expect(there.remove('key', { signal, expect: version })).rejects.toMatchObject({
      code: 'not-found',
    })
    expect(readFileSync(join(root, 'other'), 'utf8')).toBe('other')
  },
)
