import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bytesSource, type ObjectMetadata, type StorageProvider } from '@lsync/core/provider'
import { expect, onTestFinished, test } from 'vitest'
import folder from '../src/index.ts'

const signal = new AbortController().signal
const SHA256 = '5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03'

async function opened(): Promise<{ readonly root: string; readonly provider: StorageProvider }> {
  const root = mkdtempSync(join(tmpdir(), 'lsync-remount-'))
  onTestFinished(() => {
    rmSync(root, { recursive: true, force: true })
  })
  const options = { signal, settings: {}, environment: {}, concurrency: 2 }
  return { root, provider: await folder.open(`file://${root}`, options) }
}

async function put(provider: StorageProvider, key: string, user: ObjectMetadata['user']) {
  await provider.write(key, bytesSource(Buffer.from('hello\n')), {
    signal,
    expect: { kind: 'absent' },
    metadata: { user },
  })
}

/** As a stick is found that was pulled out and put in again: other inodes, and everything executable. */
function remount(root: string, ...keys: readonly string[]): void {
  for (const key of keys) {
    const place = join(root, key)
    const { mtime } = statSync(place)
    copyFileSync(place, `${place}.copy`)
    renameSync(`${place}.copy`, place)
    utimesSync(place, mtime, mtime)
    chmodSync(place, 0o755)
  }
}

test('after another mount of a disk like FAT, files are what they were, for one reading of them', async () => {
  const { root, provider } = await opened()
  for (const key of ['.lsync/repository.yaml', 'text', 'script', 'edited'])
    await put(provider, key, {
      mtime: '1000.5',
      author: 'ann',
      sha256: SHA256,
      ...(key === 'script' ? { executable: 'true' } : {}),
    })
  await put(provider, 'replaced', { mtime: '1000.5', type: 'link', executable: 'true' })
  writeFileSync(join(root, 'replaced'), 'by another tool, no link')
  writeFileSync(join(root, 'foreign'), 'by another tool')
  writeFileSync(join(root, 'edited'), 'HELLO\n')
  remount(root, '.lsync/repository.yaml', 'text', 'script', 'edited', 'foreign')
  for (let time = 0; time < 2; time++) {
    expect(await provider.head('text', { signal })).toMatchObject({
      digests: { sha256: SHA256 },
      metadata: { user: { author: 'ann', sha256: SHA256 } },
    })
    expect((await provider.head('text', { signal }))?.metadata?.user).not.toHaveProperty(
      'executable',
    )
    expect((await provider.head('script', { signal }))?.metadata?.user).toMatchObject({
      executable: 'true',
    })
  }
  const replaced = (await provider.head('replaced', { signal }))?.metadata?.user
  expect(Object.keys(replaced ?? {})).toEqual(['mtime'])
  const edited = await provider.head('edited', { signal })
  expect(edited?.digests).toEqual({})
  expect(edited?.metadata?.user).not.toHaveProperty('sha256')
  expect((await provider.head('foreign', { signal }))?.metadata?.user).not.toHaveProperty(
    'executable',
  )
})

test('on other disks a mode is what it says, and what changed by itself is told by nobody but its bytes', async () => {
  const { root, provider } = await opened()
  for (const key of ['.lsync/repository.yaml', 'text']) await put(provider, key, { sha256: SHA256 })
  remount(root, 'text')
  expect(readFileSync(join(root, 'text'), 'utf8')).toBe('hello\n')
  expect(await provider.head('text', { signal })).toMatchObject({
    digests: {},
    metadata: { user: { executable: 'true' } },
  })
})

test('where only modes and owners changed, or a copy was put back, files are what they were, and a mode is what it says', async () => {
  const { root, provider } = await opened()
  for (const key of ['.lsync/repository.yaml', 'plain', 'run', 'copied', 'edited'])
    await put(provider, key, { mtime: '1000.5', author: 'ann', sha256: SHA256 })
  chmodSync(join(root, 'plain'), 0o600)
  chmodSync(join(root, 'run'), 0o755)
  for (const key of ['copied', 'edited']) {
    copyFileSync(join(root, key), join(root, 'copy'))
    if (key === 'edited') writeFileSync(join(root, 'copy'), 'HELLO\n')
    renameSync(join(root, 'copy'), join(root, key))
    utimesSync(join(root, key), 1000.5, 1000.5)
  }
  for (const key of ['plain', 'run', 'copied'])
    expect(await provider.head(key, { signal })).toMatchObject({
      digests: { sha256: SHA256 },
      metadata: { user: { mtime: '1000.5', author: 'ann', sha256: SHA256 } },
    })
  expect((await provider.head('run', { signal }))?.metadata?.user['executable']).toBe('true')
  expect((await provider.head('plain', { signal }))?.metadata?.user).not.toHaveProperty(
    'executable',
  )
  expect((await provider.head('edited', { signal }))?.digests).toEqual({})
  chmodSync(join(root, 'plain'), 0o000)
  expect(await provider.head('plain', { signal })).toMatchObject({ size: 6 })
})

test('a time before 1970, with a fraction, is told of files that other tools made', async () => {
  const { root, provider } = await opened()
  writeFileSync(join(root, 'old'), '')
  utimesSync(join(root, 'old'), '-1.25', '-1.25')
  expect((await provider.head('old', { signal }))?.metadata?.user['mtime']).toBe('-1.250000000')
})
