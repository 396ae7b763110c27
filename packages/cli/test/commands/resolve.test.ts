import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { json, run } from '../run.ts'
import { type Sandbox, sandbox } from '../sandbox.ts'

/** Two clones whose files were changed on both sides, `b` from inside; `a` is synced. */
async function conflicts(
  files: Readonly<Record<string, readonly [base: string, a: string, b: string]>>,
  variables: Readonly<Record<string, string>> = {},
): Promise<Sandbox> {
  const box = sandbox()
  onTestFinished(() => {
    box[Symbol.dispose]()
  })
  const write = (where: string, version: 0 | 1 | 2): void => {
    for (const [name, texts] of Object.entries(files))
      writeFileSync(box.path(where, name), texts[version])
  }
  mkdirSync(box.path('a'))
  write('a', 0)
  await run(box, 'init', './remote', 'a')
  await run({ ...box, folder: box.path('a') }, 'sync')
  await run(box, 'clone', './remote', 'b')
  write('a', 1)
  await run({ ...box, folder: box.path('a') }, 'sync')
  write('b', 2)
  return {
    ...box,
    folder: box.path('b'),
    environment: { ...box.environment, ...variables },
  }
}

const X = ['base\n', 'of a\n', 'of b!\n'] as const
const read = (box: Sandbox, ...names: readonly string[]): string =>
  readFileSync(box.path(...names), 'utf8')

test.each([
  ['local', 'of b!\n', 'of b!\n'],
  ['remote', 'of a\n', 'of a\n'],
  ['both', 'of b!\n', 'of b!\n'],
] as const)('--keep %s settles what is named, and nothing else', async (keep, here, there) => {
  const b = await conflicts({ x: X, y: X })
  writeFileSync(b.path('b', 'new'), 'n')
  const { document, exit } = await json(b, 'resolve', '--keep', keep, 'x')
  expect(exit).toBe(0)
  expect(document).toMatchObject({
    command: 'resolve',
    settled: [{ path: 'x', keep }],
    conflicts: [],
    problems: [],
  })
  expect([read(b, 'b', 'x'), read(b, 'remote', 'x')]).toEqual([here, there])
  expect(read(b, 'remote', 'y')).toBe('of a\n')
  expect(existsSync(b.path('remote', 'new'))).toBe(false)
  const { document: trash } = await json(b, 'trash', 'list')
  expect(trash).toMatchObject({ items: keep === 'both' ? [] : [{ path: 'x' }] })
})

test('--keep newest leaves what has no newer side', async () => {
  const b = await conflicts({ x: X })
  const { exit, stdout } = await run(b, 'resolve', '--keep', 'newest', '--all')
  expect(exit).toBe(3)
  expect(stdout).toMatch(/^conflict: x .*\nOf 1 conflict neither side is the newer one: .*--keep/)
  expect(stdout).toContain('0 conflicts settled, 1 left.')
})

test('--keep newest says of a file and a folder that none is newer', async () => {
  const b = await conflicts({ x: X })
  mkdirSync(b.path('a', 'p'))
  writeFileSync(b.path('a', 'p', 'q'), 'below')
  await run({ ...b, folder: b.path('a') }, 'sync')
  writeFileSync(b.path('b', 'p'), 'file')
  expect(await run(b, 'resolve', '--keep', 'newest', 'p')).toMatchObject({
    exit: 3,
    stdout: expect.stringContaining('Of 1 conflict neither side is the newer one'),
  })
})

test('of many conflicts that are left the first are shown, and each once', async () => {
  const b = await conflicts({ x: X })
  for (const [where, text] of [
    ['a', 'of a\n'],
    ['b', 'of b!\n'],
  ] as const)
    for (let n = 0; n < 22; n++) writeFileSync(b.path(where, `new-${n}`), text)
  await run({ ...b, folder: b.path('a') }, 'sync')
  const { stdout } = await run(b, 'resolve', '--keep', 'newest', '--all')
  expect(stdout.match(/^conflict: /gm)).toHaveLength(20)
  expect(stdout).toContain('… and 3 more conflicts')
  expect(stdout).toContain('Of 23 conflicts neither side is the newer one')
  const merged = await run(b, 'resolve', '--merge', 'x')
  expect(merged.stdout).toMatch(/^x is not merged: .*\n0 conflicts settled, 1 left\.\n$/)
})

test('a dry run settles nothing', async () => {
  const b = await conflicts({ x: X })
  const { stdout, exit } = await run(b, 'resolve', '--keep', 'local', '--all', '-n')
  expect({ stdout, exit }).toEqual({
    exit: 0,
    stdout: "would upload x (the remote's version is kept)\n1 conflict would be settled, 0 left.\n",
  })
  expect(read(b, 'remote', 'x')).toBe('of a\n')
})

test.each<readonly [string, readonly string[], string]>([
  ['nobody to ask', ['resolve'], '--keep local, remote, both or newest'],
  ['nobody to ask about a path', ['resolve', 'x'], 'no terminal'],
  ['neither paths nor --all', ['resolve', '--keep', 'local'], '--all'],
  ['merge without paths', ['resolve', '--merge'], '--all'],
  ['both ways', ['resolve', '--merge', '--keep', 'local', 'x'], '--merge'],
  [
    'a path that is nowhere',
    ['resolve', '--keep', 'local', 'tpyo'],
    'neither here nor on the remote',
  ],
  ['a difference of nothing', ['diff', 'tpyo'], 'neither here nor on the remote'],
  ['a difference of all', ['diff', '.'], 'neither here nor on the remote'],
  ['a base that nobody kept', ['diff', '--base', 'x'], 'keeps no versions'],
])('wrong usage is 2: %s', async (_, argv, words) => {
  const b = await conflicts({ x: X })
  const outcome = await run(b, ...argv)
  expect(outcome).toMatchObject({ exit: 2, stdout: '' })
  expect(outcome.stderr).toContain(words)
})

test('the merge tool of the user is run, on both sides and a file for the result', async () => {
  const b = await conflicts({ x: X }, { LSYNC_MERGE_TOOL: 'cat "$LOCAL" "$REMOTE" > "$MERGED"' })
  expect(await run(b, 'resolve', '--merge', 'x')).toMatchObject({ exit: 0 })
  expect([read(b, 'b', 'x'), read(b, 'remote', 'x')]).toEqual(['of b!\nof a\n', 'of b!\nof a\n'])
  const { document } = await json(b, 'trash', 'list')
  // Both lost: what was here, and what the remote had.
  expect(document).toMatchObject({ items: [{ path: 'x' }, { path: 'x' }] })
})

test.each([
  ['a tool that fails', X, 'false', 'ended with 1'],
  ['no tool, and no base', X, '', 'cannot be merged unseen'],
  ['content that is no text', ['b\0', 'a\0', 'bb\0'], 'true', 'no text'],
] as const)('%s leaves the conflict as it is', async (_, texts, tool, reason) => {
  const b = await conflicts({ x: texts }, tool === '' ? {} : { LSYNC_MERGE_TOOL: tool })
  const { exit, stdout } = await run(b, 'resolve', '--merge', '--all')
  expect(exit).toBe(3)
  expect(stdout).toContain(reason)
  expect([read(b, 'b', 'x'), read(b, 'remote', 'x')]).toEqual([texts[2], texts[1]])
})

test('a repository cannot name a program to run', async () => {
  const b = await conflicts({ x: X })
  const config = b.path('b', '.lsync', 'config.yaml')
  writeFileSync(config, `${readFileSync(config, 'utf8')}merge-tool: touch ${b.path('ran')}\n`)
  expect(await run(b, 'resolve', '--merge', '--all')).toMatchObject({ exit: 2 })
  expect(existsSync(b.path('ran'))).toBe(false)
})

test.each([
  ['local', { here: 'file', there: 'file' }],
  ['remote', { here: 'folder', there: 'folder' }],
] as const)('a file here, a folder there: --keep %s', async (keep, { here, there }) => {
  const b = await conflicts({ x: X })
  mkdirSync(b.path('a', 'p'))
  writeFileSync(b.path('a', 'p', 'q'), 'below')
  await run({ ...b, folder: b.path('a') }, 'sync')
  writeFileSync(b.path('b', 'p'), 'file')
  expect(await run(b, 'resolve', '--keep', keep, 'p')).toMatchObject({ exit: 0 })
  for (const [where, kind] of [
    ['b', here],
    ['remote', there],
  ] as const)
    expect(existsSync(b.path(where, 'p', 'q'))).toBe(kind === 'folder')
  const { document } = await json(b, 'trash', 'list')
  expect(document).toMatchObject({ items: [{ path: keep === 'local' ? 'p/q' : 'p' }] })
})

test('a file here, a folder there: both, under two names', async () => {
  const b = await conflicts({ x: X })
  mkdirSync(b.path('a', 'p'))
  writeFileSync(b.path('a', 'p', 'q'), 'below')
  await run({ ...b, folder: b.path('a') }, 'sync')
  writeFileSync(b.path('b', 'p'), 'file')
  const dry = await json(b, 'resolve', '--keep', 'both', 'p', '--dry-run')
  expect(dry).toMatchObject({
    exit: 0,
    document: { settled: [{ path: 'p', keep: 'both' }], conflicts: [] },
  })
  expect(read(b, 'b', 'p')).toBe('file')
  expect(await run(b, 'resolve', '--keep', 'both', 'p')).toMatchObject({ exit: 0 })
  expect(read(b, 'b', 'p', 'q')).toBe('below')
  const copy = readdirSync(b.path('remote')).find((name) => name.startsWith('p (conflict, '))
  expect(read(b, 'remote', copy ?? '')).toBe('file')
})

test('a file here, a folder there: where a guard halts what --keep both would do, the file has its name still', async () => {
  const b = await conflicts({})
  const names = Array.from({ length: 12 }, (_, index) => `${index}`)
  mkdirSync(b.path('a', 'p'))
  for (const name of names) writeFileSync(b.path('a', 'p', name), name)
  const a = { ...b, folder: b.path('a') }
  await run(a, 'sync')
  await run(b, 'sync')
  writeFileSync(b.path('a', 'p', 'new'), 'new')
  await run(a, 'sync')
  rmSync(b.path('b', 'p'), { recursive: true })
  writeFileSync(b.path('b', 'p'), 'file')
  const { document, exit } = await json(b, 'resolve', '--keep', 'both', 'p')
  expect(exit).toBe(5)
  expect(document).toMatchObject({
    settled: [],
    conflicts: [{ path: 'p' }],
    halted: [{ guard: 'mass-delete' }],
  })
  expect(readdirSync(b.path('b'))).toEqual(['.lsync', 'p'])
  expect(read(b, 'b', 'p')).toBe('file')
})

test('diff prints what can be applied, facts for what is no text, and nothing where both are the same', async () => {
  const b = await conflicts({ x: X, bin: ['b\0', 'a\0', 'bb\0'] })
  writeFileSync(b.path('b', 'same'), 'same')
  expect((await run(b, 'diff', 'x')).stdout).toBe(
    '--- remote/x\n+++ local/x\n@@ -1,1 +1,1 @@\n-of a\n+of b!\n',
  )
  const binary = await run(b, 'diff', 'bin')
  expect(binary.stdout).toMatch(
    /^bin differs, and is no text.*\n {2}here +3 B .*sha256 [0-9a-f]{64}\n {2}remote +2 B /,
  )
  const { document } = await json(b, 'diff', 'x')
  expect(document).toMatchObject({
    path: 'x',
    against: 'remote',
    equal: false,
    local: { size: 6 },
    remote: { size: 5, author: expect.stringContaining('@') },
    base: { size: 5 },
    diff: expect.stringContaining('-of a\n+of b!\n'),
  })
  await run(b, 'resolve', '--keep', 'local', 'x')
  expect(await run(b, 'diff', 'x')).toMatchObject({
    exit: 0,
    stdout: 'x is the same on both sides.\n',
  })
  expect((await run(b, 'diff', 'same')).stdout).toContain('+same\n')
})
