import {
  type Dirent,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  type PathLike,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import folder from '../src/index.ts'

/** What another client does between the reading of a folder and the look at its names. */
const meanwhile = vi.hoisted(() => ({ run: (_place: string): void => undefined }))

/** A file system that tells no kinds with the names of a folder: Node looks at each, then. */
vi.mock(import('node:fs'), async (original) => {
  const fs = await original()
  return {
    ...fs,
    readdirSync: ((place: PathLike, options?: { withFileTypes?: boolean }) => {
      const names = fs.readdirSync(place)
      meanwhile.run(String(place))
      if (options?.withFileTypes !== true) return names
      return names.map((name) => Object.assign(fs.lstatSync(join(String(place), name)), { name }))
    }) as unknown as typeof fs.readdirSync,
  }
})

async function listed(root: string): Promise<string[]> {
  const { signal } = new AbortController()
  await using provider = await folder.open(`file://${root}`, {
    signal,
    settings: {},
    environment: {},
    concurrency: 8,
  })
  const keys: string[] = []
  for await (const page of provider.list({ prefix: '' }, { signal }))
    keys.push(...page.map(({ key }) => key))
  return keys
}

function scene(): string {
  const root = mkdtempSync(join(tmpdir(), 'lsync-kinds-'))
  onTestFinished(() => {
    meanwhile.run = () => undefined
    rmSync(root, { recursive: true, force: true })
  })
  mkdirSync(join(root, 'docs/deep'), { recursive: true })
  mkdirSync(join(root, 'docs/empty'))
  for (const name of ['docs/a', 'docs/b', 'docs/deep/c', 'gone', 'top'])
    writeFileSync(join(root, name), name)
  symlinkSync('a', join(root, 'docs/link'))
  return root
}

test('the file system of this test is as it should be', () => {
  const root = scene()
  const place = join(root, 'docs')
  expect(readdirSync(place, { withFileTypes: true }).some((item: Dirent) => item.isFile())).toBe(
    true,
  )
  meanwhile.run = () => {
    rmSync(join(place, 'a'), { force: true })
  }
  expect(() => readdirSync(place, { withFileTypes: true })).toThrow('ENOENT')
  expect(lstatSync(place).isDirectory()).toBe(true)
})

test('a file that another client removes meanwhile takes nothing else out of the listing', async () => {
  const root = scene()
  meanwhile.run = (place) => {
    rmSync(join(place, place === root ? 'gone' : 'a'), { force: true })
  }
  expect(await listed(root)).toEqual(['docs/b', 'docs/deep/c', 'docs/empty/', 'top'])
})

test('a folder that goes meanwhile is gone with all that was in it', async () => {
  const root = scene()
  meanwhile.run = (place) => {
    if (place === join(root, 'docs/')) rmSync(place, { recursive: true, force: true })
  }
  expect(await listed(root)).toEqual(['gone', 'top'])
})
