import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '')
const licence = readFileSync(join(root, 'LICENSE'), 'utf8')

interface Manifest {
  readonly name: string
  readonly private?: boolean
  readonly description?: string
  readonly license?: string
  readonly exports?: unknown
  readonly bin?: Readonly<Record<string, string>>
  readonly engines?: { readonly node?: string }
  readonly dependencies?: Readonly<Record<string, string>>
}

interface Packed {
  readonly name: string
  readonly files: readonly { readonly path: string; readonly size: number }[]
}

const published = ['packages', 'plugins']
  .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(root, folder, name)))
  .map((folder) => ({ folder, manifest: read(join(folder, 'package.json')) as Manifest }))
  .filter(({ manifest }) => manifest.private !== true)

/** What npm would publish, of all of them. */
const packed = JSON.parse(
  execFileSync(
    'npm',
    ['pack', '--dry-run', '--json', '--ignore-scripts', ...published.map(({ folder }) => folder)],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  ),
) as readonly Packed[]

describe.each(published)('$manifest.name as it is published', ({ folder, manifest }) => {
  const paths = (packed.find(({ name }) => name === manifest.name)?.files ?? []).map(
    ({ path }) => path,
  )
  const textOf = (path: string): string => readFileSync(join(folder, path), 'utf8')

  test('holds what it names, and its licence, and says what it is', () => {
    expect(paths.filter((path) => path.startsWith('dist/')).length).toBeGreaterThan(0)
    for (const target of targetsOf([manifest.exports, manifest.bin]))
      expect(paths, target).toContain(target.replace('./', ''))
    expect(textOf('LICENSE')).toBe(licence)
    expect(paths).toContain('LICENSE')
    expect(paths).toContain('README.md')
    expect(textOf('README.md')).toMatch(/^# /)
    expect(textOf('README.md')).toContain('exists so that')
    expect(manifest).toMatchObject({ license: 'MIT', description: expect.any(String) })
    // One answer for all: who has the command has what its plugins run on.
    expect(manifest.engines).toEqual((read(join(root, 'package.json')) as Manifest).engines)
  })

  test('runs on no older Node.js than what it depends on', () => {
    const oldest = versionOf(manifest.engines?.node ?? '')
    for (const name of Object.keys(manifest.dependencies ?? {})) {
      const { engines } = read(join(folder, 'node_modules', name, 'package.json')) as Manifest
      const wanted = engines?.node ?? '>=0'
      expect(
        wanted.split('||').some((range) => admits(range.trim(), oldest)),
        `${name} ${wanted}`,
      ).toBe(true)
    }
  })

  test('holds no tests, no caches, and nothing of the machine that built it', () => {
    const foreign = paths.filter(
      (path) =>
        /(^|\/)(node_modules|\.turbo)\/|\.tsbuildinfo$|\.tgz$/.test(path) ||
        (/\.test\.|(^|\/)test\//.test(path) && !path.startsWith('template/test/')),
    )
    expect(foreign).toEqual([])
    for (const path of paths) expect(textOf(path).includes(root), path).toBe(false)
  })
})

test('all that is published is looked at', () => {
  expect(published.map(({ manifest }) => manifest.name).toSorted()).toEqual(
    expect.arrayContaining([
      '@lsync/conformance',
      '@lsync/core',
      '@lsync/provider-folder',
      '@lsync/provider-s3',
      'create-lsync-provider',
      'lsync',
    ]),
  )
  expect(packed).toHaveLength(published.length)
})

function read(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'))
}

/** The paths at the leaves of `exports` and `bin`. */
function targetsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(targetsOf) : []
}

type Version = readonly [major: number, minor: number, patch: number]

function versionOf(text: string): Version {
  const [major = 0, minor = 0, patch = 0] = (/[\d.]+/.exec(text)?.[0] ?? '').split('.').map(Number)
  return [major, minor, patch]
}

/** `^22.13.0` keeps to its major version, `>=22.13` does not. */
function admits(range: string, [major, minor, patch]: Version): boolean {
  const [least, ...rest] = versionOf(range)
  if (major !== least) return major > least && !range.startsWith('^')
  return minor === rest[0] ? patch >= rest[1] : minor > rest[0]
}
