import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { generate } from '../src/generate.ts'
import { install, run, temporary } from './workspace.ts'

const guide = readFileSync(new URL('../../../docs/writing-a-provider.md', import.meta.url), 'utf8')

/** The files that the guide shows whole, each below a comment that names it. */
export function filesOf(text: string): ReadonlyMap<string, string> {
  return new Map(
    [...text.matchAll(/<!-- file: (\S+) -->\n+```\w+\n([\s\S]*?)```/g)].map(
      ([, name = '', code = '']) => [name, code],
    ),
  )
}

test('the provider of the guide compiles and passes conformance as it stands there', () => {
  const folder = join(temporary(), 'lsync-provider-sqlite')
  const versions = { '@lsync/core': '*', '@lsync/conformance': '*' }
  generate({ folder, name: 'lsync-provider-sqlite', scheme: 'sqlite', versions })
  install(folder)
  const files = filesOf(guide)
  expect([...files.keys()]).toEqual([
    'src/index.ts',
    'src/open.ts',
    'src/errors.ts',
    'test/conformance.test.ts',
  ])
  for (const [name, code] of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), code)
  }
  expect(run(folder, 'tsc')).toEqual({ status: 0, output: '' })
  const tested = run(folder, 'vitest', 'run')
  expect(tested.status, tested.output).toBe(0)
  expect(tested.output).toContain('sqlite')
})

test('the guide names every member of the contract', () => {
  const contract = readFileSync(
    new URL('../../core/src/provider/provider.ts', import.meta.url),
    'utf8',
  )
  for (const [name, least] of [
    ['ProviderModule', 7],
    ['StorageProvider', 12],
  ] as const) {
    const body =
      new RegExp(`export interface ${name} [^{]*{\n([\\s\\S]*?)\n}`).exec(contract)?.[1] ?? ''
    const members = [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??[(:]/gm)].map(
      ([, member]) => member ?? '',
    )
    expect(members.length, name).toBeGreaterThanOrEqual(least)
    expect(members.filter((member) => !guide.includes(`| \`${member}\``))).toEqual([])
  }
})
