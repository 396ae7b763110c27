import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { processIdentity } from '@lsync/core'
import { expect, test } from 'vitest'
import { json, run } from '../run.ts'
import { clones, inside, repository, temporary } from './repositories.ts'

test('paths are those of where one stands; what lies outside is refused', async () => {
  const box = await repository({ x: 'one' })
  mkdirSync(box.path('a', 'sub'))
  writeFileSync(box.path('a', 'sub', 'y'), 'two')
  writeFileSync(box.path('a', 'z'), 'three')
  const sub = inside(box, 'a', 'sub')
  const some = (await json(sub, 'push', '-n', 'y')).document
  expect(some.actions.map(({ path }) => path)).toEqual(['sub/y'])
  const here = (await json(sub, 'push', '-n', '.')).document
  expect(here.actions.map(({ path }) => path)).toEqual(['sub/y'])
  const all = (await json(sub, 'push', '-n')).document
  expect(all.actions.map(({ path }) => path)).toEqual(['sub/y', 'z'])

  symlinkSync(box.path('a'), box.path('way'))
  const linked = await json(sub, 'push', '-n', box.path('way', 'z'))
  expect(linked.document).toMatchObject({ actions: [{ path: 'z' }] })

  expect(await run(sub, 'sync', '../../remote')).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining('is not in the repository'),
  })
})

test('a named path that is nowhere stops the run before it begins; one that waits for the other direction does not', async () => {
  const box = await clones({ x: 'one', y: 'two' })
  const [a, b] = [inside(box, 'a'), inside(box, 'b')]
  writeFileSync(box.path('a', 'x'), 'changed')
  const refused = await run(a, 'sync', 'x', 'tpyo', 'z/tpyo')
  expect(refused).toMatchObject({ exit: 2, stdout: '' })
  expect(refused.stderr).toContain('tpyo, z/tpyo: there is no such file or folder')
  expect(await run(a, 'status', 'x', 'tpyo')).toMatchObject({ exit: 2, stdout: '' })
  expect((await json(a, 'status', 'x')).document.actions).toHaveLength(1)

  // Only on the remote, and nothing to push; gone here, and nothing to pull; empty folders.
  writeFileSync(box.path('a', 'new'), 'new')
  expect(await run(a, 'sync')).toMatchObject({ exit: 0 })
  expect(await run(b, 'push', 'new')).toMatchObject({ exit: 0 })
  rmSync(box.path('b', 'y'))
  expect(await run(b, 'pull', 'y')).toMatchObject({ exit: 0 })
  mkdirSync(box.path('b', 'empty', 'inner'), { recursive: true })
  expect(await run(b, 'pull', 'empty')).toMatchObject({ exit: 0 })
})

test.each<readonly [string, readonly string[], string]>([
  ['an empty path, as of an unset variable', ['sync', ''], 'A path is empty'],
  ['a path that is nowhere', ['sync', 'tpyo'], 'neither here nor on the remote'],
  ['a flag that there is not', ['sync', '--bogus'], 'Nonexistent flag: --bogus'],
  ['a flag without its value', ['sync', '--wait'], '--wait expects a value'],
  ['a rate that is none', ['sync', '--bandwidth', 'fast'], '--bandwidth takes'],
  ['a share above all', ['sync', '--max-delete', '101%'], '--max-delete takes'],
  ['a guard that there is not', ['sync', '--allow', 'everything'], '--allow'],
  ['a policy that there is not', ['sync', '--conflict', 'theirs'], '--conflict'],
  ['quiet and verbose at once', ['sync', '-q', '-v'], 'quiet'],
  ['a log file that cannot be', ['sync', '--log-file', 'no/such/log'], 'no/such/log'],
  ['a key that there is not', ['config', 'set', 'jbos', '4'], 'jobs'],
  ['a key like no other', ['config', 'set', 'bandwidth', '1M'], 'there are remote, '],
  ['a key that cannot be set', ['config', 'get', 'conflict'], 'did you mean conflicts?'],
  ['a key that is like no other', ['config', 'get', 'nope'], 'there is no key "nope"; there are '],
  ['a key that is not set', ['config', 'get', 'author'], 'author is not set'],
  ['a command that there is not', ['snyc'], 'Did you mean: lsync sync'],
  ['a sync that wins', ['sync', '--force', 'x'], 'lsync push --force'],
  ['a sync that mirrors', ['sync', '--mirror'], 'lsync pull --mirror'],
  ['force without paths', ['push', '--force'], 'Name the paths'],
  ['force and mirror', ['pull', '--mirror', '--force', 'x'], '--mirror'],
  ['no remote', ['init'], 'remote'],
  ['a repository twice', ['init', 's3://bucket'], 'already'],
])('wrong usage is 2: %s', async (_, argv, words) => {
  const box = await repository()
  const where = inside(box, 'a')
  const text = await run(where, ...argv)
  expect(text).toMatchObject({ exit: 2, stdout: '' })
  expect(text.stderr).toContain(words)
  expect(text.stderr).toMatch(/^lsync: /)
  const { document, exit } = await json(where, ...argv)
  expect(exit).toBe(2)
  expect(document).toMatchObject({
    schema: 1,
    command: argv.slice(0, argv[0] === 'config' ? 2 : 1).join(' '),
    exitCode: 2,
  })
  expect(text.stderr).toContain(document.error?.message)
})

test.each<readonly [string, readonly string[], number, string]>([
  ['no repository', ['status'], 2, 'not-a-repository'],
  ['a clone of what is not there', ['clone', './missing', 'c'], 6, 'no-remote'],
  ['a scheme that nobody knows', ['init', 'gopher://x', 'c'], 2, 'unknown-scheme'],
  ['a setting that there is not', ['init', './r', 'c', '--set', 'foo=bar'], 2, 'bad-configuration'],
  ['a setting without a value', ['init', './r', 'c', '--set', 'region'], 2, 'usage'],
  ['a remote inside the folder', ['init', './c/remote', 'c'], 2, 'overlap'],
])('%s is refused, and leaves nothing behind', async (_, argv, exit, code) => {
  const box = temporary()
  const outcome = await json(box, ...argv)
  expect(outcome.exit).toBe(exit)
  expect(outcome.document).toMatchObject({ error: { code }, exitCode: exit })
  expect(existsSync(box.path('c'))).toBe(false)
})

test('links do not hide that a folder and its remote contain each other', async () => {
  const box = temporary()
  mkdirSync(box.path('disk', 'inner'), { recursive: true })
  symlinkSync('disk', box.path('link'))
  for (const [remote, folder] of [
    ['./link/inner/remote', 'disk'],
    ['./link', 'disk/inner'],
    ['./link/inner', 'disk/inner'],
  ] as const)
    expect((await json(box, 'init', remote, folder)).document.error).toMatchObject({
      code: 'overlap',
    })
  expect((await run(box, 'init', './link/remote', 'disk/inner')).exit).toBe(0)
})

test.each([
  ['an empty one, as of an unset variable', '', 'The remote is empty'],
  ['a folder without a beginning', 'file://x/y', 'write file:///absolute/folder, or file:./x/y'],
  ['a folder of a machine', 'file://localhost/x', 'names no absolute folder'],
  ["lsync's own folder of another repository", './a/.lsync/x', 'inside a .lsync folder'],
  ['what lsync keeps for itself in a bucket', 's3://bucket/x/.lsync', 'inside a .lsync folder'],
])('a remote that cannot be meant is wrong usage: %s', async (_, remote, words) => {
  const box = await repository()
  for (const command of ['init', 'clone'])
    expect(await run(box, command, remote, 'c')).toMatchObject({
      exit: 2,
      stdout: '',
      stderr: expect.stringContaining(words),
    })
  expect(
    await run(inside(box, 'a'), 'config', 'set', 'remote', remote, '--allow', 'other-remote'),
  ).toMatchObject({ exit: 2 })
  expect(existsSync(box.path('c'))).toBe(false)
})

test.each([
  ['a file', 'file', 'file already exists, EEXIST'],
  ['below a file', 'file/x', 'not a directory, ENOTDIR'],
  ['a link to nowhere', 'link', 'no such file or directory, ENOENT'],
])('a folder that cannot be made is wrong usage: %s', async (_, folder, words) => {
  const box = temporary()
  writeFileSync(box.path('file'), '')
  symlinkSync('nowhere', box.path('link'))
  mkdirSync(box.path('r'))
  for (const command of ['init', 'clone'])
    expect(await run(box, command, './r', folder)).toMatchObject({
      exit: 2,
      stderr: `lsync: ${box.path(folder)}: no folder can be made there: ${words}\n`,
    })
})

test('whoever comes while another is at work is told of --wait only where there is such a flag', async () => {
  const box = await repository()
  const where = inside(box, 'a')
  const holder = { format: 1, ...processIdentity(), since: 'noon', token: 'theirs' }
  writeFileSync(box.path('a', '.lsync', 'lock'), `${JSON.stringify(holder)}\n`)
  for (const argv of [['sync'], ['status'], ['doctor'], ['verify'], ['ls'], ['trash', 'empty']]) {
    const { document, exit } = await json(where, ...argv)
    expect(exit).toBe(7)
    expect(document.error).toMatchObject({
      code: 'locked',
      hint:
        argv[0] === 'sync'
          ? 'Wait for it, or use --wait SECONDS.'
          : 'Run this again once it has ended.',
    })
  }
})

test('a folder that is not there is no reason to look for a repository above it', async () => {
  const box = await repository()
  const { stderr, exit } = await run(inside(box, 'a', 'missing'), 'push')
  expect(exit).toBe(2)
  expect(stderr).toContain('There is no folder')
})

test('a bare word that is a folder here is asked about', async () => {
  const box = temporary()
  mkdirSync(box.path('photos'))
  const { stderr, exit } = await run(box, 'init', 'photos', 'c')
  expect(exit).toBe(2)
  expect(stderr).toContain('Write s3://photos for a bucket, file:./photos for a folder.')
})

test('wrong usage in lines that a terminal shows, and with nothing that is not so', async () => {
  const box = temporary()
  expect((await run(box, 'sync', '--jobs', 'abc')).stderr).toMatch(
    /^lsync: Parsing --jobs: Expected an integer but received: abc\n/,
  )
  const { stderr } = await run(box, 'init', '--set', 'jobs=3')
  expect(stderr).toMatch(
    /^lsync: Missing 1 required arg:\nremote {2}.*\nSee more help with --help\n$/,
  )
  // The flag takes one value, and the argument may stand behind it.
  const behind = await run(box, 'init', '--set', 'region=r', './remote', 'a')
  expect(behind).toMatchObject({ exit: 0 })
  const coloured = { ...box, environment: { ...box.environment, FORCE_COLOR: '1' } }
  const both = await run(coloured, 'resolve', '--merge', '--keep', 'local', 'x')
  expect(both.stderr).toContain('\n  --merge=true cannot also be provided')
})

test('a named path that is left out by rule is said to be, so that nothing done is no success', async () => {
  const box = await repository({ x: 'one', '.lsyncignore': '*.tmp\n/build/\n' })
  const a = inside(box, 'a')
  for (const folder of ['build', 'made.tmp', 'docs']) mkdirSync(box.path('a', folder))
  for (const name of ['a.tmp', 'build/b', 'made.tmp/c', 'docs/d'])
    writeFileSync(box.path('a', name), 'new')
  const note = 'left out (by a .lsyncignore, by ignore or only in the configuration, or as junk)'
  for (const command of ['status', 'sync', 'push', 'pull'])
    expect(await run(a, command, 'a.tmp')).toMatchObject({
      exit: 0,
      stderr: `note: a.tmp is ${note}; nothing is done there\n`,
    })
  for (const command of ['verify', 'ls', 'diff'])
    expect(await run(a, command, 'build/b')).toMatchObject({
      exit: 0,
      stderr: `note: build/b is ${note}; nothing is done there\n`,
    })
  expect((await run(a, 'verify', 'x', 'docs')).stderr).toBe('')
  for (const path of ['build', 'build/b', 'made.tmp/c'])
    expect((await run(a, 'sync', '--json', path)).stderr).toContain(`${path} is left out`)
  const named = ['x', 'docs', 'a.tmp', 'build', 'made.tmp']
  const { exit, stdout, stderr } = await run(a, 'sync', ...named)
  expect({ exit, stderr }).toEqual({
    exit: 0,
    stderr: `note: a.tmp, build, made.tmp are ${note}; nothing is done there\n`,
  })
  expect(stdout).toContain('upload docs/d')
  await run(a, 'config', 'set', 'only', 'docs/d')
  expect((await run(a, 'status', 'x')).stderr).toContain('note: x is left out')
  expect(await run(a, 'status', 'docs')).toMatchObject({ exit: 0, stderr: '' })
})

test.each(['init', 'clone'])(
  '%s makes no repository of where an empty name is given',
  async (command) => {
    const box = temporary()
    mkdirSync(box.path('remote'))
    mkdirSync(box.path('here'))
    const { exit, stderr } = await run(inside(box, 'here'), command, box.path('remote'), '')
    expect({ exit, stderr }).toEqual({
      exit: 2,
      stderr: expect.stringContaining('name of the folder is empty'),
    })
    expect(existsSync(box.path('here', '.lsync'))).toBe(false)
  },
)
