import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { json, run } from '../run.ts'
import { inside, repository, temporary } from './repositories.ts'

test('config edits keep comments', async () => {
  const box = await repository()
  const where = inside(box, 'a')
  const file = box.path('a', '.lsync', 'config.yaml')
  writeFileSync(file, `${readFileSync(file, 'utf8')}# mine\n`)
  expect(await run(where, 'config', 'set', 'jobs', '4')).toMatchObject({ exit: 0 })
  expect(readFileSync(file, 'utf8')).toContain('# mine')
  expect(await run(where, 'config', 'get', 'jobs')).toMatchObject({ stdout: '4\n' })
  expect((await json(where, 'config', 'list')).document).toMatchObject({ settings: { jobs: '4' } })
  expect(await run(where, 'config', 'unset', 'jobs')).toMatchObject({ exit: 0 })
  expect((await run(where, 'config', 'list')).stdout).not.toContain('jobs')
})

test('a mistake that stands in no file names none, nor a line to edit', async () => {
  const box = await repository()
  const where = inside(box, 'a')
  const wrong = { ...where, environment: { ...where.environment, LSYNC_JOBS: 'abc' } }
  for (const [place, argv, words] of [
    [where, ['config', 'set', 'conflicts', 'bogus'], 'conflicts: expected '],
    [where, ['config', 'set', 'nope', 'x'], 'there is no key "nope"'],
    [where, ['config', 'set', 'remote', 's3://me:secret@bucket'], 'remote: expected an address'],
    ...['notaurl', 'localhost:9000', 'ftp://host', 'https://ho st', 'https://host:99999'].map(
      (value) =>
        [where, ['config', 'set', 'endpoint', value], 'endpoint: expected a web address'] as const,
    ),
    [box, ['init', './r', 'c', '--endpoint', 'notaurl'], 'endpoint: expected a web address'],
    [where, ['config', 'set', 'repository', 'x'], 'repository is kept by lsync itself'],
    [where, ['config', 'unset', 'repository'], 'repository cannot be unset'],
    [where, ['config', 'unset', 'jbos'], 'there is no key "jbos"; did you mean jobs?'],
    [where, ['config', 'unset', 'jobs'], 'jobs is not set'],
    [box, ['init', './r', 'c', '--set', 'foo=bar'], 'there is no key "foo"'],
    [box, ['init', './r', 'c', '--region', ''], 'region: expected a text'],
    [box, ['init', './r', 'c', '--set', 'provider.x=y'], 'provider.x: file:// has no such'],
    [wrong, ['status'], 'LSYNC_JOBS: jobs: expected '],
  ] as const) {
    const { document, exit } = await json(place, ...argv)
    expect(exit).toBe(2)
    expect(document.error).toEqual({
      code: 'bad-configuration',
      message: expect.stringMatching(new RegExp(`^${words}`)),
    })
  }
  const file = box.path('a', '.lsync', 'config.yaml')
  writeFileSync(file, `${readFileSync(file, 'utf8')}conflicts: bogus\n`)
  expect((await json(where, 'config', 'set', 'jobs', '4')).document.error).toEqual({
    code: 'bad-configuration',
    message: expect.stringMatching(/^\.lsync\/config\.yaml, line \d+: conflicts: /),
    hint: 'Edit that line, or remove it.',
  })
})

test("what the user's environment says holds where the repository says nothing", async () => {
  const box = await repository()
  symlinkSync('x', box.path('a', 'link'))
  const where = inside(box, 'a')
  const code = 'symbolic-link'
  expect((await json(where, 'status')).document).toMatchObject({ problems: [{ code }] })
  const storing = { ...where, environment: { ...where.environment, LSYNC_SYMLINKS: 'store' } }
  expect((await json(storing, 'status')).document).not.toMatchObject({ problems: [{ code }] })
  expect(await run(storing, 'sync')).toMatchObject({
    exit: 0,
    stdout: expect.stringContaining('upload link'),
  })
})

test('a configuration of the user that is there but cannot be read stops a run: what it leaves out is not uploaded', async () => {
  const box = await repository({ x: 'one' })
  const file = box.path('user', 'lsync', 'config.yaml')
  const where = inside(box, 'a')
  const environment = { ...where.environment, XDG_CONFIG_HOME: box.path('user') }
  // As good as a file that this user may not read, and so for root, too.
  mkdirSync(file, { recursive: true })
  expect(await run({ ...where, environment }, 'sync')).toMatchObject({
    exit: 2,
    stdout: '',
    stderr: `lsync: ${file} cannot be read or written: illegal operation on a directory, EISDIR.\n`,
  })
  const none = { ...where.environment, XDG_CONFIG_HOME: box.path('a', 'x') }
  expect(await run({ ...where, environment: none }, 'sync')).toMatchObject({ exit: 0 })
})

test('a setting that the provider of the remote does not know is refused before it is written', async () => {
  const box = await repository()
  const where = inside(box, 'a')
  const file = box.path('a', '.lsync', 'config.yaml')
  const before = readFileSync(file, 'utf8')
  expect(await run(where, 'config', 'set', 'provider.nope', 'x')).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining('provider.nope: file:// has no such setting'),
  })
  expect(readFileSync(file, 'utf8')).toBe(before)
  // What a person wrote by hand is no hindrance to setting another key, or to removing it.
  writeFileSync(file, `${before}provider.nope: x\n`)
  expect(await run(where, 'config', 'set', 'jobs', '3')).toMatchObject({ exit: 0 })
  expect(await run(where, 'config', 'unset', 'provider.nope')).toMatchObject({ exit: 0 })
})

test('init and clone take any setting, as config set does', async () => {
  const box = await repository({ x: 'one', y: 'two' })
  const set = ['jobs=4', 'only=y', 'symlinks=store'].flatMap((pair) => ['--set', pair])
  expect(await run(box, 'clone', './remote', 'b', ...set)).toMatchObject({ exit: 0 })
  expect(readFileSync(box.path('b', '.lsync', 'config.yaml'), 'utf8')).toContain('jobs: 4\n')
  expect((await json(inside(box, 'b'), 'config', 'list')).document).toMatchObject({
    settings: { jobs: '4', only: 'y', symlinks: 'store' },
  })
  // What it said held already.
  expect(readdirSync(box.path('b'))).toEqual(['.lsync', 'y'])

  for (const [pair, words] of [
    ['jobs=many', 'jobs: expected a whole number'],
    ['remote=./other', 'remote is not for --set'],
    ['repository=other', 'repository is not for --set'],
  ] as const)
    expect(await run(box, 'init', './remote', 'c', '--set', pair)).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining(words),
    })
})

test('a setting that the provider does not have is said to change nothing', async () => {
  const box = temporary()
  const { exit, stderr } = await run(box, 'init', './remote', 'a', '--region', 'eu-1')
  expect({ exit, stderr }).toEqual({
    exit: 0,
    stderr: 'note: file:// has no setting region: it changes nothing\n',
  })
})
