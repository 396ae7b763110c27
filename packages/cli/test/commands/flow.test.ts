import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { json, run } from '../run.ts'
import { type Sandbox, sandbox } from '../sandbox.ts'

function temporary(): Sandbox {
  const box = sandbox()
  onTestFinished(() => {
    box[Symbol.dispose]()
  })
  return box
}

/** A sandbox with `a`, a repository that was synced with `remote`, and as many files as asked for. */
async function repository(
  files: Readonly<Record<string, string>> = { x: 'one' },
): Promise<Sandbox> {
  const box = temporary()
  mkdirSync(box.path('a'))
  for (const [name, text] of Object.entries(files)) writeFileSync(box.path('a', name), text)
  expect(await run(box, 'init', './remote', 'a')).toMatchObject({ exit: 0 })
  expect(await run(inside(box, 'a'), 'sync')).toMatchObject({ exit: 0 })
  return box
}

/** As above, with a clone `b`. */
async function clones(files?: Readonly<Record<string, string>>): Promise<Sandbox> {
  const box = await repository(files)
  expect(await run(box, 'clone', './remote', 'b')).toMatchObject({ exit: 0 })
  return box
}

/** As if started in a folder of the sandbox. */
function inside(box: Sandbox, ...names: readonly string[]): Sandbox {
  return { ...box, folder: box.path(...names) }
}

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

const HOSTILE = 'evil\n\u001B[2J\u202E\u009B.txt'

test.each([
  ['what would come', ['status']],
  ['what comes', ['pull', '--dry-run']],
  ['what is known', ['ls']],
])('a name in a bucket reaches nobody raw: %s', async (_, argv) => {
  const box = await repository()
  writeFileSync(box.path('remote', HOSTILE), 'x')
  if (argv[0] === 'ls') await run(inside(box, 'a'), 'pull')
  const text = await run(inside(box, 'a'), ...argv)
  const document = await run(inside(box, 'a'), ...argv, '--json')
  expect(text.stdout).toContain('evil\\n\\x1b[2J\\u{202e}\\x9b.txt')
  expect(document.stdout).toContain('"path": "evil\\n\\u001b[2J\\u202e\\u009b.txt"')
  for (const { stdout } of [text, document])
    expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
})

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

test('providers lists what can be used', async () => {
  const { stdout } = await run(temporary(), 'providers')
  expect(stdout).toMatch(/^file:\/\/ +@lsync\/provider-folder \S+ \(core\)$/m)
  expect(stdout).toMatch(/^gs:\/\/ +@lsync\/provider-gcs \S+ \(core\)$/m)
  expect(stdout).toMatch(/^s3:\/\/ +@lsync\/provider-s3 \S+ \(core\)$/m)
})

test('--log-file has everything, whatever is shown', async () => {
  const box = await repository()
  const where = inside(box, 'a')
  writeFileSync(box.path('a', 'y\u001B[2J'), 'two')
  const { stdout } = await run(where, 'sync', '--quiet', '--log-file', '../log')
  expect(stdout).toBe('')
  const log = readFileSync(box.path('log'), 'utf8')
  expect(log).toMatch(/^\d{4}-\d\d-\d\dT\S+Z phase: comparing$/m)
  expect(log).toMatch(/ done: upload y\\x1b\[2J$/m)
  rmSync(box.path('remote'), { recursive: true })
  expect(await run(where, 'sync', '--log-file', '../log')).toMatchObject({ exit: 6 })
  expect(readFileSync(box.path('log'), 'utf8')).toMatch(/ error: There is no such remote/)
})

test('the trash gives back what a sync replaced or removed, and overwrites nothing', async () => {
  const box = await clones({ x: 'one', y: 'two' })
  const [a, b] = [inside(box, 'a'), inside(box, 'b')]
  writeFileSync(box.path('a', 'x'), 'changed')
  rmSync(box.path('a', 'y'))
  await run(a, 'sync')
  expect(await run(b, 'sync')).toMatchObject({ exit: 0 })
  const { document } = await json(b, 'trash', 'list')
  expect(document).toMatchObject({
    items: [
      { path: 'x', size: 3 },
      { path: 'y', size: 3 },
    ],
  })
  expect(await run(b, 'trash', 'restore', 'y')).toMatchObject({ exit: 0 })
  expect(readFileSync(box.path('b', 'y'), 'utf8')).toBe('two')
  const beside = await run(b, 'trash', 'restore', 'x')
  expect(beside).toMatchObject({ exit: 0, stderr: '' })
  expect(beside.stdout).toContain('x (restored) is back')
  expect(readFileSync(box.path('b', 'x'), 'utf8')).toBe('changed')
  expect(readFileSync(box.path('b', 'x (restored)'), 'utf8')).toBe('one')
  // Once more, by the way it came.
  mkdirSync(box.path('b', '.lsync', 'trash', 'run'), { recursive: true })
  renameSync(box.path('b', 'x (restored)'), box.path('b', '.lsync', 'trash', 'run', 'x'))
  expect(await run(b, 'trash', 'restore', 'x', '--to', 'x.old')).toMatchObject({ exit: 0 })
  expect(readFileSync(box.path('b', 'x.old'), 'utf8')).toBe('one')
  expect(await run(b, 'trash', 'restore', 'x')).toMatchObject({ exit: 2 })
})

test('a folder comes back with all that was in it, to its place or to another one', async () => {
  const box = await clones({ x: 'one' })
  mkdirSync(box.path('a', 'd', 'e'), { recursive: true })
  writeFileSync(box.path('a', 'd', 'e', 'f'), 'deep')
  writeFileSync(box.path('a', 'd', 'g'), 'g')
  await run(inside(box, 'a'), 'sync')
  const b = inside(box, 'b')
  await run(b, 'sync')
  rmSync(box.path('a', 'd'), { recursive: true })
  await run(inside(box, 'a'), 'sync')
  await run(b, 'sync')
  expect(existsSync(box.path('b', 'd'))).toBe(false)
  const { document } = await json(b, 'trash', 'restore', 'd', '--to', 'old')
  expect(document).toMatchObject({ restored: [{ to: 'old/e/f' }, { to: 'old/g' }] })
  expect(readFileSync(box.path('b', 'old', 'e', 'f'), 'utf8')).toBe('deep')
})

test('what was in the trash long enough goes at the end of a sync', async () => {
  const box = await clones({ x: 'one' })
  const b = inside(box, 'b')
  const old = box.path('b', '.lsync', 'trash', '2001-01-31T14.05.09Z-1f2e3d4c')
  mkdirSync(old, { recursive: true })
  writeFileSync(`${old}/x`, 'ancient')
  expect(await run(b, 'sync', '-n')).toMatchObject({ stderr: '' })
  expect(existsSync(old)).toBe(true)
  const { stderr } = await run(b, 'sync')
  expect(stderr).toBe(
    'note: 1 file (7 B) left the trash for good: kept long enough, or more than it may hold\n',
  )
  expect(existsSync(old)).toBe(false)
})

test('the trash is emptied for good, but only of what is old enough', async () => {
  const box = await clones({ x: 'one', y: 'two' })
  rmSync(box.path('a', 'y'))
  await run(inside(box, 'a'), 'sync')
  await run(inside(box, 'b'), 'sync')
  const b = inside(box, 'b')
  for (const flags of [
    ['--older-than', '1'],
    ['--older-than', '12h'],
    ['--larger', '4'],
    ['--larger', '1G', '--older-than', '0d'],
  ])
    expect((await json(b, 'trash', 'empty', ...flags)).document).toMatchObject({ removed: 0 })
  expect(await run(b, 'trash', 'empty', '--older-than', 'ages')).toMatchObject({ exit: 2 })
  expect(await run(b, 'trash', 'empty', '--larger', 'huge')).toMatchObject({ exit: 2 })
  expect((await json(b, 'trash', 'empty', '--larger', '3')).document).toMatchObject({
    removed: 1,
    bytes: 3,
  })
  expect((await json(b, 'trash', 'list')).document).toMatchObject({ items: [] })
})

test('every key of every document is documented', async () => {
  const guide = readFileSync(new URL('../../../../docs/json.md', import.meta.url), 'utf8')
  const box = await clones({ x: 'one', y: 'two' })
  const [a, b] = [inside(box, 'a'), inside(box, 'b')]
  writeFileSync(box.path('a', 'x'), 'from a')
  await run(a, 'sync')
  writeFileSync(box.path('b', 'x'), 'from b, longer')
  symlinkSync('x', box.path('b', 'link'))
  writeFileSync(box.path('b', 'new'), 'n')
  mkdirSync(box.path('inner'))
  await run(box, 'init', './inner', 'b/nested')
  const documents = [
    await json(b, 'status'),
    await json(b, 'sync'),
    await json(b, 'ls'),
    await json(b, 'verify'),
    await json(b, 'doctor'),
    await json(b, 'config', 'get', 'remote'),
    await json(b, 'config', 'list'),
    await json(b, 'providers'),
    await json(b, 'trash', 'list'),
    await json(b, 'trash', 'empty'),
    await json(box, 'clone', './remote', 'c'),
    await json(b, 'nonsense'),
  ].map(({ document }) => document)
  rmSync(box.path('remote', 'x'))
  rmSync(box.path('remote', 'y'))
  rmSync(box.path('remote', 'new'))
  documents.push((await json(a, 'sync')).document)
  const keys = new Set(documents.flatMap((document) => keysOf(document)))
  // What a guard says is there to be seen: the list is not short by accident.
  expect(keys).toContain('halted')
  expect([...keys].filter((key) => !guide.includes(`\`${key}\``))).toEqual([])
})

/** All keys at any depth; of maps whose keys are data, none. */
function keysOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item) => keysOf(item))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'settings' ? [key] : [key, ...keysOf(inner)],
  )
}
