import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Sandbox, sandbox } from './sandbox.ts'

/** Plugins as a person adds them, with the built command. From a registry: plugins.registry.test.ts. */
const BIN = fileURLToPath(new URL('../bin/run.js', import.meta.url))
const OCLIF = fileURLToPath(new URL('../node_modules/@oclif/core', import.meta.url))

let box: Sandbox
beforeEach(() => {
  box = sandbox()
})
afterEach(() => {
  box[Symbol.dispose]()
})

function lsync(...argv: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, ...argv], {
    cwd: box.folder,
    encoding: 'utf8',
    // As a person has it: what runs tests says NODE_ENV=test.
    env: { ...process.env, ...box.environment, NODE_ENV: undefined },
  })
  return { exit: status, stdout, stderr }
}

/** A package on disk. */
function plugin(name: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(box.path(name, path)), { recursive: true })
    writeFileSync(box.path(name, path), text)
  }
}

function provider(name: string, scheme: string, module: string): void {
  const manifest = {
    name,
    version: '1.2.3',
    type: 'module',
    oclif: {},
    lsync: { providers: { [scheme]: './index.js' } },
  }
  plugin(name, { 'package.json': JSON.stringify(manifest), 'index.js': module })
}

const MODULE = (scheme: string, contract = 1): string =>
  `export default { contract: ${contract}, scheme: '${scheme}', settings: {}, normalize: (url) => url, overlaps: () => false, async open() { throw new Error('not today') } }`

function link(name: string): void {
  expect(lsync('plugins', 'link', '--no-install', name)).toMatchObject({ exit: 0 })
}

test('the command of the guide works as it stands there', () => {
  const guide = readFileSync(new URL('../../../docs/writing-a-command.md', import.meta.url), 'utf8')
  const files = Object.fromEntries(
    [...guide.matchAll(/<!-- file: (\S+) -->\n+```\w+\n([\s\S]*?)```/g)].map(
      ([, path = '', text = '']) => [path, text],
    ),
  )
  expect(Object.keys(files)).toEqual(['package.json', 'commands/largest.js'])
  plugin('lsync-largest', files)
  mkdirSync(box.path('lsync-largest', 'node_modules', '@oclif'), { recursive: true })
  symlinkSync(OCLIF, box.path('lsync-largest', 'node_modules', '@oclif', 'core'))
  link('lsync-largest')

  expect(lsync('init', './remote', 'a')).toMatchObject({ exit: 0 })
  for (const size of [1, 300, 20]) writeFileSync(box.path('a', `of-${size}`), 'x'.repeat(size))
  expect(lsync('-C', 'a', 'sync')).toMatchObject({ exit: 0 })
  expect(lsync('largest', '2', '-C', 'a')).toEqual({
    exit: 0,
    stdout: '         300  "of-300"\n          20  "of-20"\n',
    stderr: '',
  })
  expect(lsync('largest')).toMatchObject({
    exit: 2,
    stdout: '',
    stderr: expect.stringContaining('is not in an lsync repository'),
  })
})

test('a plugin that cannot be used is named with the cause, and no other scheme suffers', () => {
  provider('old', 'old', MODULE('old', 99))
  provider('torn', 'torn', 'export default {')
  provider('one', 'twice', MODULE('twice'))
  provider('two', 'twice', MODULE('twice'))
  for (const name of ['old', 'torn', 'one', 'two']) link(name)

  const { exit, stdout, stderr } = lsync('providers')
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' })
  for (const line of [
    /^file:\/\/ +@lsync\/provider-folder \S+ \(core\)$/m,
    /^cannot be used: old 1\.2\.3 for old:\/\/: it is built for version 99 of the contract with providers, this lsync has 1: update lsync$/m,
    /^cannot be used: torn 1\.2\.3 for torn:\/\/: \S/m,
    /^cannot be used: one 1\.2\.3 for twice:\/\/: two brings twice:\/\/ too: keep one of them$/m,
    /^cannot be used: two 1\.2\.3 for twice:\/\/: one brings twice:\/\/ too: keep one of them$/m,
  ])
    expect(stdout).toMatch(line)
  expect(lsync('init', 'old://x', 'a')).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining('version 99'),
  })
  expect(lsync('init', './remote', 'a')).toMatchObject({ exit: 0, stderr: '' })
})

test('a provider that is linked before it is built says what to do', () => {
  provider('early', 'early', MODULE('early'))
  link('early')
  rmSync(box.path('early', 'index.js'))
  const where = `it is linked from ${box.path('early')}: install what it needs there, and build it`
  expect(lsync('providers').stdout).toContain(where)
  expect(lsync('init', 'early://x', 'a')).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining(where),
  })
})

test('a plugin whose folder is gone takes nothing with it', () => {
  provider('gone', 'gone', MODULE('gone'))
  link('gone')
  rmSync(box.path('gone'), { recursive: true })
  const made = lsync('init', './remote', 'a')
  expect(made.exit).toBe(0)
  expect(made.stderr).toMatch(
    /^lsync: A plugin cannot be loaded: .*gone\/package\.json'\n.*lsync plugins uninstall/,
  )
  expect(made.stderr).not.toContain('@oclif/core')
  expect(lsync('providers').stdout).toContain('file://')
})

test('a command that does not load is named with its plugin, and the others work', () => {
  plugin('noisy', {
    'package.json': JSON.stringify({
      name: 'noisy',
      version: '1.0.0',
      type: 'module',
      oclif: { commands: './commands' },
    }),
    'commands/shout.js': 'export default class {',
  })
  link('noisy')
  const { exit, stdout, stderr } = lsync('providers')
  expect({ exit, stdout }).toMatchObject({ exit: 0, stdout: expect.stringContaining('file://') })
  expect(stderr).toMatch(/^lsync: The plugin noisy cannot be loaded: Unexpected end of input$/m)
  expect(stderr).not.toMatch(/^ +at /m)
})

test('what Node.js itself calls experimental in a plugin is no word of each run', () => {
  const warning = "process.emitWarning('SQLite is new', 'ExperimentalWarning')"
  provider('fresh', 'fresh', `${warning}; ${MODULE('fresh')}`)
  link('fresh')
  expect(lsync('providers')).toMatchObject({
    stdout: expect.stringContaining('fresh://'),
    stderr: '',
  })
})

test('an unknown scheme says what to install', () => {
  expect(lsync('init', 'az://x', 'a')).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining('lsync plugins install @lsync/provider-az'),
  })
})
