import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { clones } from './two-clones.ts'

const read = (folder: string, path: string): string => readFileSync(join(folder, path), 'utf8')
const write = (folder: string, path: string, text: string): void =>
  writeFileSync(join(folder, path), text)

/** Everything in the trash, by content. */
function trash(folder: string): string[] {
  const root = join(folder, '.lsync/trash')
  if (!existsSync(root)) return []
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((item) => item.isFile())
    .map((item) => readFileSync(join(item.parentPath, item.name), 'utf8'))
    .toSorted()
}

/** Files that are not lsync's own, with their content. */
function tree(folder: string): Record<string, string> {
  const items = readdirSync(folder, { recursive: true, withFileTypes: true })
  return Object.fromEntries(
    items
      .filter((item) => item.isFile() && !item.parentPath.includes('.lsync'))
      .map((item) => join(item.parentPath, item.name).slice(folder.length + 1))
      .toSorted()
      .map((path) => [path, read(folder, path)]),
  )
}

/**
 * Two clones that went apart in every way: `same`, `theirs` (newer there), `mine` (newer here), `both`, `gone-there`, `gone-here`, `revived-there`,
 * `new-here`, `new-there`.
 */
async function apart(history = false) {
  const c = await clones(2, { history })
  const [a = '', b = ''] = c.folders
  for (const path of ['same', 'theirs', 'mine', 'both', 'gone-there', 'gone-here', 'revived'])
    write(a, path, `${path} base`)
  await c.sync(0)
  await c.sync(1)
  write(a, 'theirs', 'theirs, newer')
  write(a, 'both', 'both, of a')
  write(a, 'new-there', 'new-there')
  write(a, 'revived', 'revived, edited by a')
  rmSync(join(a, 'gone-there'))
  await c.sync(0)
  write(b, 'mine', 'mine, newer')
  write(b, 'both', 'both, of b!')
  write(b, 'new-here', 'new-here')
  rmSync(join(b, 'gone-here'))
  rmSync(join(b, 'revived'))
  return { ...c, a, b, [Symbol.dispose]: () => c[Symbol.dispose]() }
}

const remote = (c: Awaited<ReturnType<typeof apart>>): Record<string, string> =>
  Object.fromEntries(
    [...c.store.objects]
      .filter(([key]) => !key.startsWith('.lsync'))
      .map(([key, { bytes }]) => [key, new TextDecoder().decode(bytes)] as const)
      .toSorted(([x], [y]) => (x < y ? -1 : 1)),
  )

test('push --mirror makes the remote exactly like this folder, and keeps what nobody here had seen', async () => {
  using c = await apart()
  const before = tree(c.b)
  const report = await c.sync(1, { mode: 'push', override: 'mirror' })
  expect([report.conflicts, report.problems, report.halted]).toEqual([[], [], []])
  expect(remote(c)).toEqual(before)
  expect(tree(c.b)).toEqual(before)
  expect(trash(c.b)).toEqual(['both, of a', 'new-there', 'revived, edited by a', 'theirs, newer'])
  const again = await c.sync(1)
  expect(again.events.filter(({ type }) => type === 'action')).toEqual([])
  await c.sync(0)
  expect(tree(c.a)).toEqual(before)
})

test('pull --mirror makes this folder exactly like the remote, and what was only here is in the trash', async () => {
  using c = await apart()
  const before = remote(c)
  const report = await c.sync(1, { mode: 'pull', override: 'mirror' })
  expect([report.conflicts, report.problems, report.halted]).toEqual([[], [], []])
  expect(tree(c.b)).toEqual(before)
  expect(remote(c)).toEqual(before)
  expect(trash(c.b)).toEqual([
    'both, of b!',
    'gone-there base',
    'mine, newer',
    'new-here',
    'theirs base',
  ])
  const again = await c.sync(1)
  expect(again.events.filter(({ type }) => type === 'action')).toEqual([])
})

test('push --force lets the named paths win, and only them', async () => {
  using c = await apart()
  await c.sync(1, { mode: 'push', override: 'force', paths: ['both', 'theirs', 'new-there'] })
  expect(remote(c)).toMatchObject({
    both: 'both, of b!',
    theirs: 'theirs base',
    mine: 'mine base',
    'new-there': 'new-there',
  })
  expect(trash(c.b)).toEqual(['both, of a', 'theirs, newer'])
})

test('pull --force lets the remote win, and leaves what was only here', async () => {
  using c = await apart()
  await c.sync(1, { mode: 'pull', override: 'force' })
  expect(tree(c.b)).toMatchObject({
    both: 'both, of a',
    mine: 'mine base',
    'gone-here': 'gone-here base',
    'new-here': 'new-here',
  })
  expect(trash(c.b)).toContain('mine, newer')
})

test('a dry run of either does nothing', async () => {
  using c = await apart()
  const [here, there] = [tree(c.b), remote(c)]
  for (const mode of ['push', 'pull'] as const)
    for (const override of ['force', 'mirror'] as const) {
      const { totals } = await c.sync(1, { mode, override, dryRun: true })
      expect(totals.uploaded.files + totals.downloaded.files).toBeGreaterThan(3)
    }
  expect([tree(c.b), remote(c), trash(c.b)]).toEqual([here, there, []])
})

test('what the bucket keeps by itself is not fetched first', async () => {
  using c = await apart(true)
  await c.sync(1, { mode: 'push', override: 'mirror' })
  expect(trash(c.b)).toEqual([])
})

test('a mirror of an empty folder halts, and so does one that removes most of a side', async () => {
  using c = await clones(2)
  const [a = '', b = ''] = c.folders
  write(a, 'only', 'copy')
  await c.sync(0)
  const halted = await c.sync(1, { mode: 'push', override: 'mirror' })
  expect(halted.halted).toMatchObject([{ guard: 'emptied', side: 'local' }])
  for (let n = 0; n < 12; n++) write(b, `f${n}`, `${n}`)
  const many = await c.sync(1, { mode: 'pull', override: 'mirror' })
  expect(many.halted.map(({ guard }) => guard)).toContain('mass-delete')
  expect(c.store.objects.has('only')).toBe(true)
  expect(existsSync(join(b, 'f0'))).toBe(true)
})

test('a file in the place of a folder is mirrored, too', async () => {
  using c = await clones(2)
  const [a = '', b = ''] = c.folders
  mkdirSync(join(a, 'p'))
  write(a, 'p/q', 'below')
  write(a, 'kept', 'kept')
  await c.sync(0)
  write(b, 'p', 'file')
  write(b, 'kept', 'kept')
  expect((await c.sync(1, { mode: 'push', override: 'mirror' })).problems).toEqual([])
  expect([...c.store.objects.keys()].filter((key) => key.startsWith('p'))).toEqual(['p'])
  expect(trash(b)).toEqual(['below'])
  await c.sync(0, { mode: 'pull', override: 'mirror' })
  expect(tree(a)).toEqual({ kept: 'kept', p: 'file' })
})

test('what is ignored stays where it is in a mirror', async () => {
  using c = await apart()
  write(c.b, 'junk.part', 'ignored by default')
  await c.put('other.part', 'ignored there')
  await c.sync(1, { mode: 'pull', override: 'mirror' })
  await c.sync(1, { mode: 'push', override: 'mirror' })
  expect(read(c.b, 'junk.part')).toBe('ignored by default')
  expect(c.store.objects.has('other.part')).toBe(true)
})

test('what was renamed on one side and edited on the other is not taken for the same content in a mirror', async () => {
  using c = await clones(2)
  const [a = '', b = ''] = c.folders
  write(a, 'y', 'content')
  write(a, 'other', 'other')
  await c.sync(0)
  await c.sync(1)
  // Edited there, renamed here.
  write(a, 'y', 'EDITED!')
  await c.sync(0)
  renameSync(join(b, 'y'), join(b, 'z'))
  await c.sync(1, { mode: 'push', override: 'mirror' })
  expect(tree(b)).toEqual({ other: 'other', z: 'content' })
  expect(trash(b)).toEqual(['EDITED!'])
  await c.sync(0)
  expect(tree(a)).toEqual(tree(b))
  // Renamed there, edited here.
  renameSync(join(a, 'z'), join(a, 'w'))
  await c.sync(0)
  write(b, 'z', 'edited?')
  await c.sync(1, { mode: 'pull', override: 'mirror' })
  expect(tree(b)).toEqual({ other: 'other', w: 'content' })
  expect(trash(b)).toContain('edited?')
  const { totals } = await c.sync(1)
  expect(totals.uploaded.files + totals.downloaded.files).toBe(0)
})

test.each([
  ['pull', 'force'],
  ['pull', 'mirror'],
  ['push', 'force'],
  ['push', 'mirror'],
] as const)('a %s --%s takes the executable bit of the side that wins', async (mode, override) => {
  using c = await clones(2)
  const [a = '', b = ''] = c.folders
  for (const path of ['edited', 'renamed', 'stays']) write(a, path, path)
  await c.sync(0)
  await c.sync(1)
  const [wins, other] = mode === 'pull' ? [a, b] : [b, a]
  write(wins, 'edited', 'edited, newer')
  renameSync(join(wins, 'renamed'), join(wins, 'new'))
  for (const path of ['edited', 'renamed']) chmodSync(join(other, path), 0o755)
  await c.sync(0)
  const options = { mode, override } as const
  await c.sync(1, options)
  expect(statSync(join(b, 'edited')).mode & 0o100).toBe(0)
  expect(statSync(join(b, 'new')).mode & 0o100).toBe(0)
  expect((await c.sync(1, options)).totals).toMatchObject({
    uploaded: { files: 0 },
    executable: 0,
  })
  await c.sync(0)
  expect(statSync(join(a, 'edited')).mode & 0o100).toBe(0)
})
