import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { expect, test } from 'vitest'
import { json, run } from '../run.ts'
import { clones, inside, repository, temporary } from './repositories.ts'

test('init says what the remote guarantees, sync brings files, clone gets them', async () => {
  const box = temporary()
  mkdirSync(box.path('a'))
  writeFileSync(box.path('a', 'x'), 'one')
  const init = await run(box, 'init', './remote', 'a')
  expect(init.exit).toBe(0)
  expect(init.stdout).toMatch(/^.*\/a now syncs with file:\/\/.*\/remote\n {2}ok {2}\S/)
  const first = await run(inside(box, 'a'), 'sync')
  expect(first).toMatchObject({
    exit: 0,
    stdout: 'upload x\n1 file uploaded (3 B), 0 unchanged.\n',
  })
  const clone = await run(box, 'clone', './remote', 'b')
  expect(clone.stdout).toMatch(/\ndownload x\n1 file downloaded \(3 B\), 0 unchanged\.\n$/)
  expect(readFileSync(box.path('b', 'x'), 'utf8')).toBe('one')
  expect(await run(inside(box, 'b'), 'sync')).toMatchObject({
    exit: 0,
    stdout: 'Nothing to do: 1 file unchanged.\n',
  })
  // As after one that was cut off.
  const again = await run(box, 'clone', './remote', 'b')
  expect(again).toMatchObject({ exit: 2, stdout: '' })
  expect(again.stderr).toContain(`To go on with it: lsync -C ${box.path('b')} sync.`)
})

test('a conflict is 3, touches nothing, and is settled by a policy', async () => {
  const box = await clones()
  writeFileSync(box.path('a', 'x'), 'from a')
  writeFileSync(box.path('b', 'x'), 'from b, longer')
  await run(inside(box, 'a'), 'sync')
  const { document, exit, stderr } = await json(inside(box, 'b'), 'sync')
  expect({ exit, stderr }).toEqual({ exit: 3, stderr: '' })
  expect(document).toMatchObject({
    schema: 1,
    command: 'sync',
    remote: `file://${box.path('remote')}`,
    dryRun: false,
    actions: [],
    conflicts: [
      { path: 'x', kind: 'content', local: { size: 14 }, remote: { size: 6 }, base: { size: 3 } },
    ],
    problems: [],
    exitCode: 3,
  })
  expect(readFileSync(box.path('b', 'x'), 'utf8')).toBe('from b, longer')
  const settled = await run(inside(box, 'b'), 'sync', '--conflict', 'keep-both')
  expect(settled.exit).toBe(0)
  expect(readdirSync(box.path('b')).filter((name) => name !== '.lsync')).toEqual([
    'x',
    expect.stringMatching(/^x \(conflict, /),
  ])
})

test('of empty folders, one that is filled is not told as removed; one that goes does not go into the trash', async () => {
  const box = await repository()
  const [a, b] = [inside(box, 'a'), inside(box, 'b')]
  for (const name of ['filled', 'gone']) mkdirSync(box.path('a', name))
  await run(a, 'sync')
  await run(box, 'clone', './remote', 'b')
  writeFileSync(box.path('a', 'filled', 'y'), 'new')
  rmdirSync(box.path('a', 'gone'))
  const status = `To remove on the remote (1 path):
  removed   gone/
1 file unchanged.
`
  expect((await run(a, 'status')).stdout).toContain(status)
  expect((await run(a, 'sync')).stdout).toBe(
    'upload filled/y\nremove gone/ (on the remote)\n1 file uploaded (3 B), 1 removed on the remote, 1 unchanged.\n',
  )
  expect((await json(b, 'status')).document.actions).toMatchObject([
    { path: 'filled/y', action: 'download' },
    { path: 'gone/', action: 'remove-local' },
  ])
  expect((await run(b, 'sync')).stdout).toMatch(/^download filled\/y\nremove gone\/ \(here\)\n/)
})

test('--force and --mirror: one side wins, and what loses can be had back', async () => {
  const box = await clones({ x: 'one', y: 'two' })
  const [a, b] = [inside(box, 'a'), inside(box, 'b')]
  writeFileSync(box.path('a', 'x'), 'newer')
  writeFileSync(box.path('a', 'z'), 'new there')
  await run(a, 'sync')
  writeFileSync(box.path('b', 'x'), 'of b')
  expect(await run(b, 'push', '--force', 'x', '-n')).toMatchObject({
    exit: 0,
    stdout: expect.stringContaining("would upload x (the remote's version is kept)\n"),
  })
  const { document } = await json(b, 'push', '--force', 'x')
  expect(document.actions).toMatchObject([{ path: 'x', action: 'upload', reason: 'forced' }])
  expect(readFileSync(box.path('remote', 'x'), 'utf8')).toBe('of b')
  expect(await run(b, 'push', '--mirror', '-q')).toMatchObject({ exit: 0, stdout: '' })
  expect(existsSync(box.path('remote', 'z'))).toBe(false)
  expect((await json(b, 'trash', 'list')).document).toMatchObject({
    // Of two runs, within a second maybe: in either order.
    items: expect.arrayContaining(
      ['x', 'z'].map((path) => expect.objectContaining({ path }) as object),
    ),
  })
  writeFileSync(box.path('a', 'y'), 'only here')
  expect(await run(a, 'pull', '--mirror', '-q')).toMatchObject({ exit: 0, stdout: '' })
  expect(readFileSync(box.path('a', 'x'), 'utf8')).toBe('of b')
  expect(readFileSync(box.path('a', 'y'), 'utf8')).toBe('two')
  expect(existsSync(box.path('a', 'z'))).toBe(false)
})

test('a dry run says would and does nothing', async () => {
  const box = await repository()
  writeFileSync(box.path('a', 'new'), 'n')
  const { stdout } = await run(inside(box, 'a'), 'push', '--dry-run')
  expect(stdout).toBe('would upload new\n1 file would be uploaded (1 B), 1 unchanged.\n')
  expect(existsSync(box.path('remote', 'new'))).toBe(false)
  const { document } = await json(inside(box, 'a'), 'push', '-n')
  expect(document).toMatchObject({
    dryRun: true,
    actions: [
      {
        path: 'new',
        action: 'upload',
        reason: 'new',
        direction: 'up',
        bytes: 1,
        result: 'planned',
      },
    ],
    exitCode: 0,
  })
})

test('a guard halts with 5 and names its way out; with it the run goes on', async () => {
  const files = Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`f${n}`, String(n)]))
  const box = await repository(files)
  for (let n = 0; n < 8; n++) rmSync(box.path('a', `f${n}`))
  const halted = await run(inside(box, 'a'), 'sync')
  expect(halted.exit).toBe(5)
  expect(halted.stdout).toMatch(/halted \(mass-delete\): 8 of 12 .*\n.*--allow mass-delete\n$/)
  expect((await json(inside(box, 'a'), 'sync')).document).toMatchObject({
    halted: [{ guard: 'mass-delete', side: 'remote', affected: 8, total: 12 }],
    exitCode: 5,
  })
  expect(existsSync(box.path('remote', 'f0'))).toBe(true)
  expect((await run(inside(box, 'a'), 'sync', '--allow', 'mass-delete')).exit).toBe(0)
  expect(existsSync(box.path('remote', 'f0'))).toBe(false)
})

test('what cannot be synced is a problem and 4; the rest goes on', async () => {
  const box = await repository()
  symlinkSync('x', box.path('a', 'link'))
  writeFileSync(box.path('a', 'y'), 'two')
  const { document, exit } = await json(inside(box, 'a'), 'sync')
  expect(exit).toBe(4)
  expect(document).toMatchObject({
    actions: [{ path: 'y', action: 'upload', result: 'done' }],
    problems: [{ path: 'link', code: 'symbolic-link', message: 'is a symbolic link; skipped' }],
    exitCode: 4,
  })
})

test('a clone of what holds nothing but empty folders says so', async () => {
  const box = temporary()
  mkdirSync(box.path('remote/empty'), { recursive: true })
  expect(await run(box, 'clone', './remote', 'a')).toMatchObject({
    exit: 0,
    stderr: `note: there is nothing but empty folders at file://${box.path('remote')} yet\n`,
  })
  writeFileSync(box.path('remote/file'), 'x')
  expect(await run(box, 'clone', './remote', 'b')).toMatchObject({ exit: 0, stderr: '' })
})

test('a clone of what holds nothing says so', async () => {
  const box = temporary()
  mkdirSync(box.path('remote'))
  expect(await run(box, 'clone', './remote', 'a')).toMatchObject({
    exit: 0,
    stderr: `note: there is nothing at file://${box.path('remote')} yet\n`,
  })
  writeFileSync(box.path('a', 'x'), 'one')
  expect(await run(inside(box, 'a'), 'sync')).toMatchObject({ exit: 0 })
  expect(await run(box, 'clone', './remote', 'b')).toMatchObject({ exit: 0, stderr: '' })
})

test('modes that somebody changed in a shared folder are no edits: nothing is fetched, and what was removed goes', async () => {
  const box = await clones({ kept: 'kept', edited: 'one', removed: 'removed' })
  for (const name of ['kept', 'edited', 'removed']) chmodSync(box.path('remote', name), 0o600)
  rmSync(box.path('a', 'removed'))
  writeFileSync(box.path('a', 'edited'), 'two')
  const first = await run(inside(box, 'a'), 'sync')
  expect(first).toMatchObject({ exit: 0, stderr: '' })
  expect(first.stdout).toContain('1 file uploaded (3 B), 1 removed on the remote, 1 unchanged.')
  const second = await run(inside(box, 'b'), 'sync')
  expect(second).toMatchObject({ exit: 0, stderr: '' })
  expect(second.stdout).toContain('1 file downloaded (3 B), 1 removed here (into the trash), 1')
  expect(await run(inside(box, 'b'), 'sync')).toMatchObject({
    exit: 0,
    stdout: 'Nothing to do: 2 files unchanged.\n',
  })
})
