import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CONTRACT_VERSION } from '@lsync/core'
import { expect, onTestFinished, test } from 'vitest'
import { machineOf } from '../src/machine.ts'
import { declaredProviders, type Plugins } from '../src/providers.ts'
import { sandbox } from './sandbox.ts'

interface Plugin {
  readonly name: string
  readonly type: string
  readonly providers: unknown
  readonly module?: string
}

/** Plugins on disk, as oclif hands them over. */
function configOf(...plugins: readonly Plugin[]): Plugins {
  const box = sandbox()
  onTestFinished(() => {
    box[Symbol.dispose]()
  })
  const loaded = plugins.map(({ name, type, providers, module }, index) => {
    const root = box.path(String(index))
    const pjson = { name, version: '1.2.3', type: 'module', lsync: { providers } }
    mkdirSync(root)
    writeFileSync(join(root, 'package.json'), JSON.stringify(pjson))
    if (module !== undefined) writeFileSync(join(root, 'provider.js'), module)
    return { name, type, version: '1.2.3', root, pjson }
  })
  return { plugins: new Map(loaded.map((plugin) => [plugin.name, plugin])) }
}

const GOOD = `export default { contract: ${CONTRACT_VERSION}, scheme: 'x', settings: {}, normalize: (url) => url, open() {}, overlaps: () => false }`
const x = { x: './provider.js' }

async function failure(config: Plugins, scheme = 'x'): Promise<unknown> {
  return machineOf(config)
    .providers.get(scheme)
    .catch((error: unknown) => error)
}

test('a plugin declares what it brings, and nothing of it is loaded to know it', () => {
  const config = configOf({ name: 'p', type: 'core', providers: x, module: 'throw new Error()' })
  expect([...declaredProviders(config).providers.values()]).toMatchObject([
    { scheme: 'x', plugin: 'p', version: '1.2.3', type: 'core', specifier: './provider.js' },
  ])
})

test('of two the one that the user installed is taken, whatever their order', () => {
  const bundled = { name: 'a', type: 'core', providers: x }
  const own = { name: 'b', type: 'user', providers: x }
  for (const config of [configOf(bundled, own), configOf(own, bundled)])
    expect(declaredProviders(config)).toMatchObject({
      providers: new Map([['x', { plugin: 'b', type: 'user', replaces: ['a'] }]]),
      rejected: [],
    })
})

test('of two that the user installed none is taken, both are named, and no other scheme suffers', async () => {
  const config = configOf(
    { name: 'a', type: 'user', providers: { ...x, y: './provider.js' }, module: GOOD },
    { name: 'b', type: 'link', providers: x, module: GOOD },
    { name: 'c', type: 'core', providers: x, module: GOOD },
  )
  const { providers, rejected } = declaredProviders(config)
  expect([...providers.keys()]).toEqual(['y'])
  expect(rejected).toMatchObject([
    { scheme: 'x', plugin: 'a', reason: 'b brings x:// too: keep one of them' },
    { scheme: 'x', plugin: 'b', reason: 'a brings x:// too: keep one of them' },
  ])
  expect(await failure(config)).toMatchObject({
    code: 'provider-broken',
    facts: { scheme: 'x', plugin: 'a', reason: expect.stringContaining('b brings x:// too') },
  })
})

test.each([['x'], [null], [[1]], [{ x: 1 }], [{ 'X y': './p.js' }]])(
  'a declaration that makes no sense is named: %j',
  (providers) => {
    expect(declaredProviders(configOf({ name: 'p', type: 'user', providers }))).toMatchObject({
      providers: new Map(),
      rejected: [{ plugin: 'p', reason: expect.stringContaining('package.json') }],
    })
  },
)

test('a plugin of commands declares no provider, and that is all right', () => {
  expect(
    declaredProviders(configOf({ name: 'p', type: 'user', providers: undefined })),
  ).toMatchObject({ providers: new Map(), rejected: [] })
})

test('a good one is loaded from its own place', async () => {
  const config = configOf({ name: 'p', type: 'user', providers: x, module: GOOD })
  const { providers } = machineOf(config)
  expect(providers.schemes).toEqual(['x'])
  expect((await providers.get('x')).scheme).toBe('x')
})

test('an unknown scheme names those that are there', async () => {
  const config = configOf({ name: 'p', type: 'user', providers: x })
  expect(await failure(config, 'gs')).toMatchObject({
    code: 'unknown-scheme',
    facts: { scheme: 'gs', known: 'x://' },
  })
})

test.each([
  ['has no such file', undefined, /Cannot find module/],
  ['fails when it is loaded', 'throw new Error("out of order")', /^out of order$/],
  ['exports nothing', 'export const a = 1', /no provider as default/],
  ['exports something else', 'export default { open: 1 }', /no provider as default/],
  ['exports half of one', GOOD.replace('overlaps', 'other'), /exports as default has no overlaps/],
  ['is for another scheme', GOOD.replace("'x'", "'y'"), /^its module is for y:\/\/$/],
  [
    'is built for another contract',
    GOOD.replace(/contract: \d+/, 'contract: 99'),
    /version 99 of the contract with providers, this lsync has 1/,
  ],
])('a plugin that %s is named, with the cause', async (_, module, reason) => {
  const plugin = { name: 'p', type: 'user', providers: x }
  const config = configOf(module === undefined ? plugin : { ...plugin, module })
  expect(await failure(config)).toMatchObject({
    code: 'provider-broken',
    facts: { scheme: 'x', plugin: 'p', reason: expect.stringMatching(reason) },
  })
})
