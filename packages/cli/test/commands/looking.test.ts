import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { json, run } from '../run.ts'
import { clones, inside, repository, temporary } from './repositories.ts'

test('status groups, --exit-code tells scripts, --local asks nobody', async () => {
  const box = await repository()
  const where = inside(box, 'a')
  expect(await run(where, 'status', '--exit-code')).toMatchObject({ exit: 0 })
  writeFileSync(box.path('a', 'y'), 'two')
  expect(await run(where, 'status')).toMatchObject({
    exit: 0,
    stdout: expect.stringContaining('To upload (1 path, 3 B):\n  new       y\n'),
  })
  expect(await run(where, 'status', '--exit-code')).toMatchObject({ exit: 8 })
  rmSync(box.path('remote'), { recursive: true })
  expect(await run(where, 'status')).toMatchObject({ exit: 6 })
  expect(await json(where, 'status', '--local')).toMatchObject({
    exit: 0,
    document: {
      local: true,
      actions: [{ path: 'y', action: 'upload', result: 'planned' }],
      totals: { uploaded: { files: 1, bytes: 3 } },
    },
  })
})

test('status says what would halt a sync, and that another remote is no agreement', async () => {
  const many = Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`f${n}`, 'text']))
  const box = await repository(many)
  const where = inside(box, 'a')
  for (const name of Object.keys(many).slice(1)) rmSync(box.path('a', name))
  const accident = await run(where, 'status')
  expect(accident).toMatchObject({ exit: 0 })
  expect(accident.stdout).toContain('To remove on the remote (11 paths)')
  expect(accident.stdout).toContain(
    'A sync would halt (mass-delete): 11 of 12 files would be removed on the remote\nIf it is what you want: lsync sync --allow mass-delete\n',
  )
  expect((await json(where, 'status')).document).toMatchObject({
    halts: [{ guard: 'mass-delete', side: 'remote', affected: 11, total: 12 }],
  })
  await run(where, 'config', 'set', 'max-delete', '90')
  expect((await json(where, 'status')).document).not.toHaveProperty('halts')
  expect(await run(where, 'sync')).toMatchObject({ exit: 0 })

  const identity = box.path('remote', '.lsync', 'repository.yaml')
  writeFileSync(identity, readFileSync(identity, 'utf8').replace(/^id: .*$/m, 'id: another'))
  const other = await run(where, 'status')
  expect(other.stdout).toContain('A sync would halt (other-remote)')
  expect(other.stdout).not.toContain('Nothing to do')
  expect(await run(where, 'status', '--exit-code')).toMatchObject({ exit: 8 })
  expect(await run(where, 'status', '--local', '--exit-code')).toMatchObject({ exit: 0 })
})

test('status settles conflicts as a sync would', async () => {
  const box = await clones({ x: 'one' })
  const [a, b] = [inside(box, 'a'), inside(box, 'b')]
  writeFileSync(box.path('a', 'x'), 'by a')
  expect(await run(a, 'sync')).toMatchObject({ exit: 0 })
  writeFileSync(box.path('b', 'x'), 'by b, too')
  expect(await run(b, 'status')).toMatchObject({ exit: 3 })
  await run(b, 'config', 'set', 'conflicts', 'keep-both')
  expect(await json(b, 'status')).toMatchObject({
    exit: 0,
    document: { actions: [{ path: 'x', action: 'keep-both' }], conflicts: [] },
  })
  // What a person settles one by one is a conflict all the same.
  expect(await run(b, 'resolve', '--all', '--keep', 'local')).toMatchObject({
    exit: 0,
    stdout: expect.stringContaining('1 conflict settled, 0 left.'),
  })
})

test('ls and verify say what the database knows, and whether it is so', async () => {
  const box = await repository()
  const where = inside(box, 'a')
  expect((await json(where, 'ls')).document).toMatchObject({
    files: [
      {
        path: 'x',
        type: 'file',
        size: 3,
        executable: false,
        sha256: expect.stringMatching(/^7692c3/),
      },
    ],
  })
  expect(await run(where, 'verify', '--deep')).toMatchObject({ exit: 0 })
  writeFileSync(box.path('remote', 'x'), 'owe')
  expect(await json(where, 'verify', '--deep')).toMatchObject({
    exit: 4,
    document: { checked: 1, differences: [{ path: 'x', side: 'remote', kind: 'differs' }] },
  })
})

test.each([
  ['ls', []],
  ['verify', ['--deep']],
])('a named path that is nowhere is no success: %s', async (command, flags) => {
  const box = await repository()
  const where = inside(box, 'a')
  mkdirSync(box.path('a', 'empty'))
  writeFileSync(box.path('a', 'new'), 'not known yet')
  for (const paths of [['tpyo'], ['x', 'x/y'], ['.', 'tpyo']]) {
    const refused = await run(where, command, ...flags, ...paths)
    expect(refused).toMatchObject({ exit: 2, stdout: '' })
    expect(refused.stderr).toBe(
      `lsync: ${paths.at(-1)}: there is no such file or folder here, and the database knows none\n`,
    )
  }
  // What is here, or was.
  rmSync(box.path('a', 'x'))
  for (const path of ['x', 'empty', 'new', '.'])
    expect((await run(where, command, ...flags, path)).stderr).toBe('')
})

test('doctor says what the remote guarantees', async () => {
  const box = await repository()
  const { document, exit } = await json(inside(box, 'a'), 'doctor')
  expect(exit).toBe(0)
  expect(document).toMatchObject({
    guarantees: { create: 'atomic' },
    findings: expect.arrayContaining([expect.objectContaining({ check: 'identity', ok: true })]),
    pendingUploads: [],
  })
})

test('providers lists what can be used', async () => {
  const { stdout } = await run(temporary(), 'providers')
  expect(stdout).toMatch(/^file:\/\/ +@lsync\/provider-folder \S+ \(core\)$/m)
  expect(stdout).toMatch(/^gs:\/\/ +@lsync\/provider-gcs \S+ \(core\)$/m)
  expect(stdout).toMatch(/^s3:\/\/ +@lsync\/provider-s3 \S+ \(core\)$/m)
})

test('a remote that lies within this one is one problem, however much it keeps for itself', async () => {
  const box = await repository({ x: 'one' })
  mkdirSync(box.path('inner'))
  for (const name of ['1', '2', '3']) writeFileSync(box.path('inner', name), name)
  expect(await run(box, 'init', './remote/sub', 'inner')).toMatchObject({ exit: 0 })
  expect(await run(inside(box, 'inner'), 'sync')).toMatchObject({ exit: 0 })
  const { document } = await json(inside(box, 'a'), 'status')
  expect(document['problems']).toEqual([
    expect.objectContaining({ path: 'sub/.lsync', code: 'remote-within' }),
  ])
  expect(document.actions.map(({ path }) => path)).toEqual(['sub/1', 'sub/2', 'sub/3'])
})
