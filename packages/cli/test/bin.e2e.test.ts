import { spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BIN, ended, type Ended, repository, start } from './child.ts'
import { type Sandbox, sandbox } from './sandbox.ts'

let box: Sandbox
beforeEach(() => {
  box = sandbox()
})
afterEach(() => {
  box[Symbol.dispose]()
})

function lsync(...argv: readonly string[]): Promise<Ended> {
  return ended(start(box, argv))
}

test('--version says what oclif says, without loading it', async () => {
  const short = await lsync('--version')
  expect(short).toMatchObject({ exit: 0, stdout: expect.stringMatching(/^lsync\/\d/) })
  expect(short).toEqual(await lsync('--version', '--json'))
})

test('-C goes before the command as well as behind it, also twice', async () => {
  await repository(box, { x: 'one' })
  mkdirSync(box.path('a', 'sub'))
  for (const argv of [
    ['-C', 'a', 'status'],
    ['status', '-C', 'a'],
    ['-C', 'a', '-C', 'sub', 'status'],
    ['--directory=a', 'status'],
  ])
    expect(await lsync(...argv)).toMatchObject({
      exit: 0,
      stderr: '',
      stdout: expect.stringContaining('new       x'),
    })
  expect(await lsync('-C', 'nowhere', 'status')).toMatchObject({
    exit: 2,
    stderr: 'lsync: There is no folder nowhere\n',
  })
})

test('what oclif brings works: version, help of a command, topics', async () => {
  expect((await lsync('--version')).stdout).toMatch(/^lsync\/\d/)
  const help = await lsync('sync', '--help')
  expect(help.exit).toBe(0)
  for (const flag of [
    '--dry-run',
    '--jobs',
    '--max-delete',
    '--allow',
    '--conflict',
    '--quiet',
    '--verbose',
    '--json',
    'progress',
    '--bandwidth',
    '--wait',
    '--log-file',
    '--directory',
  ])
    expect(help.stdout).toContain(flag)
  expect((await lsync('config', 'set', '--help')).stdout).toContain('--directory')
  const all = await lsync('help')
  for (const command of [
    'autocomplete',
    'clone',
    'config',
    'doctor',
    'init',
    'ls',
    'plugins',
    'providers',
    'pull',
    'push',
    'status',
    'sync',
    'trash',
    'verify',
  ])
    expect(all.stdout).toMatch(new RegExp(`^  ${command} `, 'm'))
})

test('an unknown command is wrong usage, in words and as a document', async () => {
  const text = await lsync('snyc')
  expect(text).toMatchObject({ exit: 2, stdout: '' })
  expect(text.stderr).toContain('Did you mean: lsync sync')
  const { stdout, exit } = await lsync('snyc', '--json')
  expect(exit).toBe(2)
  expect(JSON.parse(stdout)).toMatchObject({ command: 'snyc', error: { code: 'usage' } })
})

test.each<readonly [readonly string[], string, string]>([
  [['--json'], '', 'Which command? --json is a flag'],
  [['-C', '.', '--json'], '', 'Which command? --json is a flag'],
  [['--verbose', 'sync', '--json'], '', 'Which command? --verbose is a flag'],
  [['help', '--json'], 'help', 'Nonexistent flag: --json'],
  [['--json', 'help', 'sync'], 'help', 'Nonexistent flag: --json'],
])('a document is printed also where no command of lsync can: %j', async (argv, command, words) => {
  const { exit, stdout, stderr } = await lsync(...argv)
  expect(exit).toBe(2)
  expect(stderr).toContain(`lsync: ${words}`)
  const error = { code: 'usage', message: expect.stringContaining(words) }
  expect(JSON.parse(stdout)).toMatchObject({ schema: 1, command, error, exitCode: 2 })
})

test('what waits on stdin is nobody’s argument', async () => {
  await repository(box, { x: 'one', y: 'two' })
  const child = start(box, ['-C', 'a', 'sync'], { input: 'pipe' })
  child.stdin?.end('x\n')
  expect(await ended(child)).toMatchObject({
    exit: 0,
    stdout: expect.stringContaining('2 files uploaded'),
  })
})

/** Where nothing can be written for want of room, as on a full disk. */
const FULL = '/dev/full'

test.skipIf(!existsSync(FULL))(
  'output that has no room is said, and stops no sync (needs /dev/full, which Linux has)',
  async () => {
    await repository(box, { x: 'one' })
    for (const argv of [['status'], ['sync'], ['ls', '--json']]) {
      const full = openSync(FULL, 'w')
      const child = spawn(process.execPath, [BIN, '-C', 'a', ...argv], {
        cwd: box.folder,
        env: { ...process.env, ...box.environment },
        stdio: ['ignore', full, 'pipe'],
      })
      closeSync(full)
      const { exit, stderr } = await ended(child)
      expect(stderr).toBe('lsync: The output cannot be written: no space left on device, ENOSPC\n')
      expect(exit).toBe(4)
    }
    expect(readFileSync(box.path('remote', 'x'), 'utf8')).toBe('one')
  },
)

test('a reader that goes away ends a listing quietly, and lets a sync go on', async () => {
  const files = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`file-${n}`, `${n}`]))
  await repository(box, files)
  for (const argv of [
    ['-C', 'a', 'sync', '-v'],
    ['-C', 'a', 'ls'],
    ['-C', 'a', 'ls', '--json'],
    ['help'],
  ]) {
    const child = start(box, argv)
    const end = ended(child)
    child.stdout?.destroy()
    expect(await end).toMatchObject({ exit: 0, stderr: '' })
  }
  expect(existsSync(box.path('remote', 'file-299'))).toBe(true)
})

test('a long document arrives whole also when the exit code is not 0', async () => {
  const files = Object.fromEntries(Array.from({ length: 2000 }, (_, n) => [`file-${n}`, '']))
  await repository(box, files)
  const child = start(box, ['-C', 'a', 'status', '--exit-code', '--json'])
  // The pipe is full long before anybody reads.
  await pause(1500)
  const { exit, stdout } = await ended(child)
  expect(exit).toBe(8)
  expect(JSON.parse(stdout)).toMatchObject({ exitCode: 8 })
  expect(stdout.length).toBeGreaterThan(200_000)
})

test.each([
  ['the exit code is not 0', ['status', '--exit-code'], 1500, 8],
  ['it is read only after a while', ['status'], 11_000, 0],
])('a long text arrives whole also when %s', async (_, argv, later, code) => {
  // More than the pipe and who reads from it hold in between.
  const long = 'x'.repeat(200)
  const names = Array.from({ length: 2000 }, (_each, n) => `${long}-${n}`)
  await repository(box, Object.fromEntries(names.map((name) => [name, ''])))
  const child = start(box, ['-C', 'a', ...argv])
  await pause(later)
  const { exit, stdout, stderr } = await ended(child)
  expect({ exit, stderr }).toEqual({ exit: code, stderr: '' })
  expect(stdout.match(/x-\d+\n/g)).toHaveLength(names.length)
})

test('no SDK is loaded that a command does not use', async () => {
  await repository(box, { x: 'one' })
  const child = spawn(process.execPath, ['--import', TRACE, BIN, '-C', 'a', 'sync'], {
    cwd: box.folder,
    env: { ...process.env, ...box.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const { exit, stderr } = await ended(child)
  expect(exit).toBe(0)
  const loaded = stderr.split('\n').filter((line) => line.startsWith('loaded '))
  expect(loaded.some((line) => line.includes('provider-folder'))).toBe(true)
  expect(loaded.filter((line) => /provider-(s3|gcs)|aws-sdk|smithy|google/.test(line))).toEqual([])
})

/** Says each module that is loaded. */
const TRACE = `data:text/javascript,${encodeURIComponent(
  `import { registerHooks } from 'node:module'
   import { writeSync } from 'node:fs'
   registerHooks({ load(url, context, next) { writeSync(2, 'loaded ' + url + '\\n'); return next(url, context) } })`,
)}`

test('the demo goes as told', async () => {
  const demo = fileURLToPath(new URL('../demo/demo.js', import.meta.url))
  const { exit, stdout, stderr } = await ended(
    spawn(process.execPath, [demo], { stdio: ['ignore', 'pipe', 'pipe'] }),
  )
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' })
  const stage = /file:\/\/(\S+)\/remote/.exec(stdout)?.[1] ?? ''
  expect(stage).not.toBe('')
  expect(existsSync(stage)).toBe(false)
})

test('the sources run without a build', async () => {
  const dev = fileURLToPath(new URL('../bin/dev.js', import.meta.url))
  const { exit, stdout } = await ended(
    spawn(process.execPath, ['--conditions=@lsync/source', dev, 'providers'], {
      cwd: box.folder,
      env: { ...process.env, ...box.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  )
  expect(exit).toBe(0)
  expect(stdout).toContain('@lsync/provider-folder')
})
