import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type Disk, DiskError, nodeDisk } from '../../src/index.ts'

async function failureOf(work: Promise<unknown>): Promise<DiskError> {
  const failure: unknown = await work.catch((error: unknown) => error)
  if (failure instanceof DiskError) return failure
  throw new Error(`no failure of the disk: ${String(failure)}`)
}

/** Refuses each name as if the folder were missing, as exFAT by FUSE does with those that it cannot keep. */
const REFUSING = '/proc'

test.skipIf(!existsSync(`${REFUSING}/version`)).each<[string, (disk: Disk) => Promise<unknown>]>([
  ['a folder', (disk) => disk.makeFolder('a:b')],
  ['a link', (disk) => disk.createLink('a:b', Buffer.from('x'))],
  ['a file', (disk) => disk.rename('version', 'a:b', { overwrite: false })],
])('a name that the disk refuses as missing is bad: %s (needs /proc)', async (_, make) => {
  expect(await failureOf(make(nodeDisk(REFUSING)))).toMatchObject({ code: 'bad-name', path: 'a:b' })
})

test.skipIf(!existsSync(`${REFUSING}/version`)).each<[string, (disk: Disk) => Promise<unknown>]>([
  ['the folder', (disk) => disk.makeFolder('no/a')],
  ['the file', (disk) => disk.rename('no', 'a', { overwrite: false })],
])('what is missing is no bad name: %s (needs /proc)', async (_, make) => {
  expect((await failureOf(make(nodeDisk(REFUSING)))).code).toBe('missing')
})
