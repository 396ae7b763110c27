import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { Config } from '@oclif/core'
import { type Nested, openRepository, statusRepository } from '@lsync/core'
import { expect, onTestFinished, test } from 'vitest'
import { bringNested } from '../../src/bring.ts'
import { machineOf } from '../../src/machine.ts'
import { json, run } from '../run.ts'
import { type Sandbox, sandbox } from '../sandbox.ts'

const { signal } = new AbortController()
const onEvent = (): void => undefined

function inside(box: Sandbox, ...names: readonly string[]): Sandbox {
  return { ...box, folder: box.path(...names) }
}

function write(box: Sandbox, path: string, text: string): void {
  mkdirSync(dirname(box.path(path)), { recursive: true })
  writeFileSync(box.path(path), text)
}

/** `a` with a repository in `d/in` and one in that, at `deep`; all synced. */
async function nested(): Promise<Sandbox> {
  const box = sandbox()
  onTestFinished(() => {
    box[Symbol.dispose]()
  })
  for (const path of ['a/out', 'a/d/in/x', 'a/d/in/deep/y']) write(box, path, path)
  for (const [remote, path] of [
    ['outer', 'a'],
    ['inner', 'a/d/in'],
    ['deep', 'a/d/in/deep'],
  ] as const)
    expect(await run(box, 'init', `./${remote}`, path)).toMatchObject({ exit: 0 })
  expect(await run(inside(box, 'a'), 'sync', '--recursive')).toMatchObject({ exit: 0 })
  return box
}

test('what is in an inner repository is looked at there: the outer one knows nothing of it', async () => {
  const box = await nested()
  const a = inside(box, 'a')
  for (const [command, path] of [
    ['diff', 'd/in/x'],
    ['verify', 'd/in'],
    ['verify', 'd/in/deep/y'],
    ['ls', 'd/in/x'],
  ] as const)
    expect(await run(a, command, path)).toMatchObject({
      exit: 2,
      stdout: '',
      stderr: `lsync: ${path}: d/in is a repository of its own: run lsync there (-C DIR)\n`,
    })
  expect(await run(a, 'resolve', '--keep', 'local', 'd/in/x')).toMatchObject({
    exit: 4,
    stdout: expect.stringContaining('problem: d/in is a repository of its own; skipped\n'),
  })
  expect((await run(inside(box, 'a/d/in'), 'diff', 'x')).stdout).toContain('is the same')
  expect(await run(a, 'verify', 'd')).toMatchObject({ exit: 0 })
})

test('init in a repository says what that means, and refuses remotes that contain each other', async () => {
  const box = await nested()
  mkdirSync(box.path('a/e'))
  const init = await run(box, 'init', './e', 'a/e')
  expect(init.stdout).toContain(`It lies in the repository ${box.path('a')}, which`)
  for (const remote of ['./outer', './outer/below', './inner/below']) {
    const refused = await run(box, 'init', remote, 'a/d/in/new')
    expect(refused).toMatchObject({ exit: 2 })
    expect(refused.stderr).toContain('contain each other')
  }
  expect(existsSync(box.path('a/d/in/new'))).toBe(false)
})

test('a recursive sync goes all the way down, and each keeps its own', async () => {
  const box = await nested()
  const objects = (remote: string) =>
    readdirSync(box.path(remote)).filter((name) => name !== '.lsync')
  expect([objects('outer'), objects('inner'), objects('deep')]).toEqual([['out'], ['x'], ['y']])
  write(box, 'a/d/in/deep/y', 'changed')
  const plain = await run(inside(box, 'a'), 'sync')
  expect(plain).toMatchObject({ exit: 0, stdout: 'Nothing to do: 1 file unchanged.\n' })
  const status = await run(inside(box, 'a'), 'status', '--recursive', '--exit-code')
  expect(status.exit).toBe(8)
  expect(status.stdout).toContain('in d/in/deep:\n')
  // Only what is named.
  expect((await json(inside(box, 'a'), 'sync', '--recursive', 'out')).document['nested']).toEqual(
    [],
  )
  const { document } = await json(inside(box, 'a'), 'sync', '--recursive', 'd/in/deep/y')
  expect(document).toMatchObject({
    nested: [
      {
        path: 'd/in',
        run: { exitCode: 0, nested: [{ path: 'deep', run: { actions: [{ path: 'y' }] } }] },
      },
    ],
  })
})

test('the exit code is that of the one that needs a person most, and one that fails ends no other', async () => {
  const box = await nested()
  expect(await run(box, 'clone', './deep', 'deep2')).toMatchObject({ exit: 0 })
  write(box, 'deep2/y', 'theirs')
  await run(inside(box, 'deep2'), 'sync')
  write(box, 'a/d/in/deep/y', 'ours, longer')
  symlinkSync('x', box.path('a/d/in/link'))
  write(box, 'a/out', 'new')
  const conflicts = await json(inside(box, 'a'), 'sync', '--recursive')
  expect(conflicts.document).toMatchObject({
    exitCode: 3,
    problems: [],
    actions: [{ path: 'out' }],
    nested: [
      {
        run: {
          problems: [{ path: 'link' }],
          nested: [{ run: { exitCode: 3, conflicts: [{ path: 'y' }] } }],
        },
      },
    ],
  })
  rmSync(box.path('inner'), { recursive: true })
  const broken = await run(inside(box, 'a'), 'sync', '--recursive')
  expect(broken.exit).toBe(6)
  expect(broken.stderr).toMatch(/^lsync: d\/in: /m)
})

test.each<readonly [string, string | undefined, string]>([
  ['broken', 'x: [', '.lsync/config.yaml, line 1: '],
  ['missing', undefined, 'is not in an lsync repository'],
])('one whose configuration is %s is no success, and ends no other', async (_, text, words) => {
  const box = await nested()
  const configuration = box.path('a/d/in/.lsync/config.yaml')
  if (text === undefined) rmSync(configuration)
  else writeFileSync(configuration, text)
  write(box, 'a/out', 'new')
  const status = await run(inside(box, 'a'), 'status', '--recursive')
  expect(status.exit).toBe(2)
  expect(status.stderr).toMatch(/^lsync: d\/in: /m)
  expect(status.stderr).toContain(words)
  const { document } = await json(inside(box, 'a'), 'sync', '--recursive')
  expect(document).toMatchObject({
    exitCode: 2,
    actions: [{ path: 'out', result: 'done' }],
    nested: [{ path: 'd/in', state: 'unfinished', run: { exitCode: 2, error: {} } }],
  })
  // Nobody asked about it.
  expect(await run(inside(box, 'a'), 'sync')).toMatchObject({ exit: 0 })
})

test('nobody there to confirm a remote: nothing is brought, and it is said how', async () => {
  const box = await nested()
  const plain = await run(box, 'clone', './outer', 'b')
  expect(plain).toMatchObject({ exit: 0 })
  const how = `lsync clone file://${box.path('inner')} ${box.path('b/d/in')}`
  expect(plain.stdout).toContain(how)
  expect(existsSync(box.path('b/d'))).toBe(false)
  const recursive = await json(box, 'clone', './outer', 'c', '--recursive')
  expect(recursive.document).toMatchObject({
    exitCode: 4,
    nested: [{ state: 'elsewhere', run: { exitCode: 4, error: { code: 'unconfirmed-remote' } } }],
  })
  expect(existsSync(box.path('c/d'))).toBe(false)
})

/** A clone of the outer one, and what it was told of `d/in`. */
async function cloned(box: Sandbox) {
  expect(await run(box, 'clone', './outer', 'b')).toMatchObject({ exit: 0 })
  const machine = machineOf(await Config.load(new URL('../..', import.meta.url).pathname))
  const outer = await openRepository(machine, box.path('b'))
  const look = { paths: [], local: false, signal, onEvent }
  const [one] = (await statusRepository(machine, outer, look)).nested
  if (one === undefined) throw new Error('nothing nested')
  const questions: string[] = []
  const bring = (told: Nested = one, answer = true) =>
    bringNested(machine, outer, told, told.path, {
      signal,
      onEvent,
      confirm: async (question) => {
        questions.push(question)
        return answer
      },
    })
  return { one, bring, questions }
}

test('once confirmed it is brought, from the place that was shown', async () => {
  const box = await nested()
  const { bring, questions } = await cloned(box)
  await expect(bring(undefined, false)).rejects.toMatchObject({ code: 'unconfirmed-remote' })
  expect(existsSync(box.path('b/d'))).toBe(false)
  await bring()
  expect(questions.at(-1)).toContain(`file://${box.path('inner')}`)
  expect(await run(inside(box, 'b'), 'pull', '--recursive')).toMatchObject({ exit: 0 })
  expect(readFileSync(box.path('b/d/in/x'), 'utf8')).toBe('a/d/in/x')
})

test('a place that is not the repository that was named is left untouched', async () => {
  const box = await nested()
  const { one, bring } = await cloned(box)
  mkdirSync(box.path('secrets'))
  writeFileSync(box.path('secrets/id_rsa'), 'secret')
  const pointer = { remote: `file://${box.path('secrets')}`, id: 'no', settings: {} }
  await expect(bring({ ...one, pointer })).rejects.toMatchObject({ code: 'other-repository' })
  expect(readdirSync(box.path('secrets'))).toEqual(['id_rsa'])
  expect(existsSync(box.path('b/d'))).toBe(false)
})

test('nothing is brought through a link', async () => {
  const box = await nested()
  const { bring } = await cloned(box)
  mkdirSync(box.path('outside'))
  symlinkSync(box.path('outside'), box.path('b/d'))
  await expect(bring()).rejects.toMatchObject({ code: 'bad-path' })
  expect(readdirSync(box.path('outside'))).toEqual([])
})
