import fs from 'node:fs'
import { expect, test } from 'vitest'
import { DiskError } from '../../src/disk/disk.ts'
import { temporaryDisk } from './temporary.ts'

test('createAll makes whole files in order, with an error for what cannot be made', async () => {
  const { root, disk } = temporaryDisk()
  fs.mkdirSync(`${root}/folder`)
  fs.writeFileSync(`${root}/folder/taken`, 'mine')
  fs.symlinkSync('folder', `${root}/link`)
  const files = ['one', 'taken', '../out', 'a/b', 'empty', 'run'].map((name) => ({
    name,
    bytes: new TextEncoder().encode(name === 'empty' ? '' : name),
    executable: name === 'run',
    mtime: 1_600_000_000_123,
  }))
  const stats = await disk.createAll('folder', files)
  expect(
    stats.map((stat) =>
      stat instanceof DiskError ? stat.code : [stat.size, stat.mtime, stat.executable],
    ),
  ).toEqual([
    [3, 1_600_000_000_123, false],
    'exists',
    'bad-name',
    'missing',
    [0, 1_600_000_000_123, false],
    [3, 1_600_000_000_123, true],
  ])
  expect(fs.readdirSync(root)).toEqual(['folder', 'link'])
  expect(fs.readdirSync(`${root}/folder`)).toEqual(['empty', 'one', 'run', 'taken'])
  expect(fs.readFileSync(`${root}/folder/taken`, 'utf8')).toBe('mine')
  expect(await disk.stat('folder/one')).toEqual(stats[0])
  await expect(disk.createAll('absent', files)).rejects.toMatchObject({ code: 'missing' })
  await expect(disk.createAll('link', files)).rejects.toMatchObject({ code: 'not-folder' })
})
