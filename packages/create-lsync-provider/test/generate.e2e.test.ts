import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import workspace from '../../../package.json' with { type: 'json' }
import { generate } from '../src/generate.ts'
import { TOOLS } from '../src/package-json.ts'
import { install, run, temporary } from './workspace.ts'

const BIN = fileURLToPath(new URL('../dist/main.js', import.meta.url))
const versions = { '@lsync/core': '*', '@lsync/conformance': '*' }

function create(folder: string, ...argv: readonly string[]) {
  return spawnSync(process.execPath, [BIN, ...argv], { cwd: folder, encoding: 'utf8' })
}

test('what is generated compiles, builds and passes conformance at once', () => {
  const folder = join(temporary(), 'lsync-provider-shelf')
  generate({ folder, name: 'lsync-provider-shelf', scheme: 'shelf', versions })
  install(folder)
  expect(run(folder, 'tsc')).toEqual({ status: 0, output: '' })
  const tested = run(folder, 'vitest', 'run')
  expect(tested.output).toMatch(/shelf|passed/)
  expect(tested.status, tested.output).toBe(0)
  expect(run(folder, 'tsc', '-p', 'tsconfig.build.json')).toEqual({ status: 0, output: '' })
  expect(readdirSync(join(folder, 'dist')).toSorted()).toEqual(
    expect.arrayContaining(['index.d.ts', 'index.js', 'open.d.ts', 'open.js']),
  )
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(
      (file) => file.isFile() && !/node_modules|\.yml$/.test(join(file.parentPath, file.name)),
    )
    .map((file) => join(file.parentPath, file.name))
  // No placeholder was left.
  expect(files.filter((file) => readFileSync(file, 'utf8').includes('{{'))).toEqual([])
})

test('the test of what is generated can fail: a listing that ends early', () => {
  const folder = join(temporary(), 'lossy')
  generate({ folder, name: 'lossy', scheme: 'lossy', versions })
  install(folder)
  const open = join(folder, 'src', 'open.ts')
  const text = readFileSync(open, 'utf8')
  const broken = text.replace('start < keys.length;', 'start < 1000;')
  expect(broken).not.toBe(text)
  writeFileSync(open, broken)
  const tested = run(folder, 'vitest', 'run', '-t', 'listing')
  expect(tested.status).toBe(1)
  expect(tested.output).toContain('many keys come all, once, in order, over several pages')
})

test('the command makes a plugin of that name, with versions to install, and says what is next', () => {
  const folder = temporary()
  const made = create(folder, 'lsync-provider-shelf')
  expect(made).toMatchObject({ status: 0, stderr: '' })
  expect(made.stdout).toContain('shelf://')
  expect(made.stdout).toContain('npm test')
  const manifest: unknown = JSON.parse(
    readFileSync(join(folder, 'lsync-provider-shelf', 'package.json'), 'utf8'),
  )
  expect(manifest).toMatchObject({
    name: 'lsync-provider-shelf',
    oclif: {},
    lsync: { providers: { shelf: 'lsync-provider-shelf' } },
    dependencies: { '@lsync/core': expect.any(String) },
    devDependencies: { '@lsync/conformance': expect.any(String) },
  })
  for (const file of ['.gitignore', '.changeset/config.json', '.github/workflows/ci.yml'])
    expect(existsSync(join(folder, 'lsync-provider-shelf', file)), file).toBe(true)
})

test('what cannot be made is refused in words, and nothing is touched', () => {
  const folder = temporary()
  mkdirSync(join(folder, 'full'))
  writeFileSync(join(folder, 'full', 'mine'), 'x')
  expect(create(folder, 'full')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('there is something in'),
  })
  expect(readdirSync(join(folder, 'full'))).toEqual(['mine'])
  expect(create(folder, 'new', '--scheme', 's3').stderr).toContain('lsync itself brings s3://')
  expect(create(folder, 'new', '--scheme', 'No such').stderr).toContain('cannot be a scheme')
  expect(create(folder, 'Upper').stderr).toContain("cannot be a package's name")
  expect(create(folder, 'new', '--nonsense').stderr).toMatch(/^create-lsync-provider: .*nonsense/)
  expect(create(folder)).toMatchObject({ status: 2, stdout: expect.stringContaining('Usage') })
  expect(existsSync(join(folder, 'new'))).toBe(false)
})

test('it is built with the tools that lsync is built with', () => {
  for (const [tool, range] of Object.entries(TOOLS))
    expect({ tool, range: range.replace('^', '') }).toEqual({
      tool,
      range: (workspace.devDependencies as Record<string, string>)[tool]?.replace('^', ''),
    })
})
