import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { captureOutput } from '@oclif/test'
import { expect, test } from 'vitest'
import { LsyncCommand } from '../../src/base-command.ts'
import { json, run } from '../run.ts'
import { clones, inside, repository } from './repositories.ts'

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

test('a log file in the repository is told from a file that somebody works on', async () => {
  const box = await repository()
  const where = inside(box, 'a')
  expect(await run(where, 'sync', '--log-file', 'log')).toMatchObject({
    exit: 4,
    stderr: expect.stringMatching(/^note: log is the log file of this run: .* a line \/log in /m),
  })
  writeFileSync(box.path('a', '.lsyncignore'), '/log\n')
  expect(await run(where, 'sync', '--log-file', 'log')).toMatchObject({ exit: 0, stderr: '' })
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

test('every key and every action of every document is documented', async () => {
  const guide = readFileSync(new URL('../../../../docs/json.md', import.meta.url), 'utf8')
  const box = await clones({ x: 'one', y: 'two' })
  const [a, b] = [inside(box, 'a'), inside(box, 'b')]
  writeFileSync(box.path('a', 'x'), 'from a')
  await run(a, 'sync')
  writeFileSync(box.path('b', 'x'), 'from b, longer')
  symlinkSync('x', box.path('b', 'link'))
  writeFileSync(box.path('b', 'new'), 'n')
  renameSync(box.path('b', 'y'), box.path('b', 'z'))
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
  rmSync(box.path('remote', 'z'))
  rmSync(box.path('remote', 'new'))
  documents.push((await json(a, 'sync')).document)
  const keys = new Set(documents.flatMap((document) => keysOf(document)))
  // What a guard says is there to be seen: the list is not short by accident.
  expect(keys).toContain('halted')
  const actions = documents.flatMap((document) => actionsOf(document))
  expect(actions).toContain('move')
  expect([...keys, ...actions].filter((word) => !guide.includes(`\`${word}\``))).toEqual([])
})

function actionsOf({ actions }: { readonly actions?: unknown }): readonly string[] {
  return Array.isArray(actions) ? actions.map(({ action }) => action) : []
}

/** All keys at any depth; of maps whose keys are data, none. */
function keysOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item) => keysOf(item))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'settings' ? [key] : [key, ...keysOf(inner)],
  )
}

/** Says what a status of very many files would. */
class Many extends LsyncCommand {
  async run(): Promise<void> {
    this.say(Array.from({ length: 200_000 }, (_, index) => `line ${index}`))
    this.say([])
    this.say('one')
  }
}

test('more lines than a call takes arguments are said all the same, and none where there are none', async () => {
  const { stdout, error } = await captureOutput(
    () => Many.run([], fileURLToPath(new URL('../..', import.meta.url))),
    { stripAnsi: false },
  )
  expect(error).toBeUndefined()
  const lines = stdout.split('\n')
  expect(lines).toHaveLength(200_002)
  expect(lines.slice(-3)).toEqual(['line 199999', 'one', ''])
})
