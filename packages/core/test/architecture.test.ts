import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const source = fileURLToPath(new URL('../src', import.meta.url))

/** From the top down: a folder may import what stands below it, and itself. Those of one line are neighbours, who do not know each other. */
const LAYERS: readonly (readonly string[])[] = [
  ['index.ts'],
  ['sync'],
  ['execute'],
  ['scan', 'remote', 'state'],
  ['decide'],
  ['model'],
  ['disk'],
  ['provider'],
]
/** What core's lowest layers may need of each other: types of a stat in an entry, paths in the names of a disk. */
const ALLOWED: ReadonlySet<string> = new Set([
  'disk -> model', // the pure functions on paths
  'scan -> state', // the name of `.lsync`, which a walk leaves out
  'remote -> state', // the same, on the remote
])
const PURE: readonly string[] = ['decide', 'model']

const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => ({ name, text: readFileSync(join(source, name), 'utf8') }))

const layerOf = (name: string): string => name.split('/')[0] ?? ''
const levelOf = (layer: string): number => LAYERS.findIndex((line) => line.includes(layer))

function importsOf(
  name: string,
  text: string,
): { readonly inside: string[]; readonly outside: string[] } {
  const specifiers = [
    ...text.matchAll(/(?:from|import)\s+'([^']+)'/g),
    ...text.matchAll(/import\('([^']+)'\)/g),
  ].map((match) => match[1] ?? '')
  const [inside, outside] = [
    specifiers.filter((one) => one.startsWith('.')),
    specifiers.filter((one) => !one.startsWith('.')),
  ]
  return { inside: inside.map((one) => relative(source, join(source, name, '..', one))), outside }
}

describe('imports go down', () => {
  for (const { name, text } of files)
    test(name, () => {
      const layer = layerOf(name)
      expect(
        levelOf(layer),
        `a new folder needs its place in ARCHITECTURE.md: ${layer}`,
      ).toBeGreaterThanOrEqual(0)
      for (const target of importsOf(name, text).inside) {
        const other = layerOf(target)
        const down =
          other === layer || levelOf(other) > levelOf(layer) || ALLOWED.has(`${layer} -> ${other}`)
        expect(down, `${name} imports ${target}`).toBe(true)
      }
    })
})

describe('decisions are pure', () => {
  for (const { name, text } of files.filter((file) => PURE.includes(layerOf(file.name))))
    test(name, () => {
      for (const specifier of importsOf(name, text).outside)
        expect(['ignore'], `${name} imports ${specifier}`).toContain(specifier)
      expect(text).not.toMatch(
        /\bprocess\.|Date\.now|new Date\(\)|Math\.random|performance\.|crypto\.|setTimeout|fetch\(/,
      )
    })
})

test('only the implementation of the port knows the disk', () => {
  for (const { name, text } of files)
    if (!name.startsWith('disk/node-') && name !== 'disk/mounts.ts')
      expect(
        importsOf(name, text).outside.filter((one) => one.startsWith('node:fs')),
        name,
      ).toEqual([])
})

test('plugins and the suite import nothing of core but the contract', () => {
  const root = fileURLToPath(new URL('../../..', import.meta.url))
  for (const folder of [
    'plugins/provider-folder/src',
    'plugins/provider-s3/src',
    'plugins/provider-gcs/src',
    'packages/http/src',
    'packages/conformance/src',
  ])
    for (const file of readdirSync(join(root, folder), {
      recursive: true,
      encoding: 'utf8',
    }).filter((name) => name.endsWith('.ts')))
      for (const specifier of importsOf(file, readFileSync(join(root, folder, file), 'utf8'))
        .outside)
        if (specifier.startsWith('@lsync/core'))
          expect(specifier, `${folder}/${file}`).toBe('@lsync/core/provider')
})
