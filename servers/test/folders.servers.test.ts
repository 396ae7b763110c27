import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createBucket } from '../src/index.ts'
import { Command } from './command.ts'

const {
  AWS_ENDPOINT_URL_S3: endpoint = '',
  AWS_ACCESS_KEY_ID: user = '',
  AWS_SECRET_ACCESS_KEY: secret = '',
} = process.env
/** Two clones, `a` and `b`, of a bucket of their own. */
async function clones() {
  const bucket = `folders-${randomUUID()}`
  await createBucket(endpoint, user, secret, bucket)
  const lsync = new Command()
  onTestFinished(() => {
    lsync.remove()
  })
  for (const name of ['a', 'b'])
    expect((await lsync.run('init', `s3://${bucket}`, name)).code).toBe(0)
  const sync = async (...names: readonly string[]) => {
    for (const name of names) {
      const { code, stdout, stderr } = await lsync.run('-C', name, 'sync')
      expect(code, `${name}: ${stdout}${stderr}`).toBe(0)
    }
  }
  const at = (path: string): string => join(lsync.folder, path)
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(at(path)), { recursive: true })
    writeFileSync(at(path), text)
  }
  return { at, sync, write, remove: (path: string) => rmSync(at(path), { recursive: true }) }
}

test('empty folders travel and go, where the store shows them', async () => {
  const { at, sync, write, remove } = await clones()
  write('a/other', 'other')
  write('a/d/x', 'x')
  mkdirSync(at('a/empty/deep'), { recursive: true })
  await sync('a', 'b')
  // What the probe found: some stores keep marks of empty folders and do not list them.
  const shown = readFileSync(at('a/.lsync/remote.yaml'), 'utf8').includes('listsFolders: true')
  expect(existsSync(at('b/empty/deep'))).toBe(shown)
  if (shown) {
    remove('b/empty')
    await sync('b', 'a')
    expect(existsSync(at('a/empty'))).toBe(false)
  }
  // A folder that a sync empties goes on both sides, also where marks are not seen.
  remove('b/d')
  await sync('b', 'a', 'b')
  expect(readdirSync(at('b')).toSorted()).toEqual(['.lsync', 'other'])
  expect(existsSync(at('a/d'))).toBe(false)
  await sync('a', 'b')
  // What nobody can know of is left alone.
  expect(existsSync(at('a/empty/deep'))).toBe(!shown)
})

test('a file becomes a folder with content, and back', async () => {
  const { at, sync, write, remove } = await clones()
  write('a/p', 'file')
  await sync('a', 'b')
  for (let round = 0; round < 2; round++) {
    remove('a/p')
    write('a/p/q/r', 'below')
    await sync('a', 'b')
    expect(readFileSync(at('b/p/q/r'), 'utf8')).toBe('below')
    remove('b/p')
    write('b/p', 'file again')
    await sync('b', 'a')
    expect(readFileSync(at('a/p'), 'utf8')).toBe('file again')
  }
})
