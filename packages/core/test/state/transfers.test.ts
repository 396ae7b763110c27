import fs from 'node:fs'
import { expect, test } from 'vitest'
import { nodeWorld } from '../../src/disk/node-world.ts'
import { LSYNC, TRANSFERS } from '../../src/state/layout.ts'
import { Transfers } from '../../src/state/transfers.ts'
import { temporaryDisk } from '../disk/temporary.ts'

const world = nodeWorld()
const UPLOAD = {
  path: 'a\u2028b',
  size: 10,
  sha256: 'ab',
  local: { mtime: 1.5, ctime: 2.5, inode: 3 },
  expect: { kind: 'version', version: 'v1' },
  metadata: { user: { 'with "quotes"': '\n' } },
  token: { id: 'u1', size: 10 },
} as const
const DOWNLOAD = { key: 'd', version: 'v1', size: 100 } as const

function repository() {
  const { root, disk } = temporaryDisk()
  fs.mkdirSync(`${root}/${LSYNC}`)
  const folder = `${root}/${TRANSFERS}`
  return {
    root,
    disk,
    folder,
    open: (remote = 'memory://one') => Transfers.open(disk, world, remote),
    names: () => fs.readdirSync(folder),
  }
}

test('what was begun is found by the next process, for this remote only', async () => {
  const { open } = repository()
  const first = await open()
  const upload = await first.beginUpload(UPLOAD)
  const download = await first.beginDownload(DOWNLOAD)
  await first.confirm(download, [{ from: 0, to: 10 }])
  await first.confirm(download, [
    { from: 0, to: 20 },
    { from: 50, to: 60 },
  ])
  const next = await open()
  expect(next.upload(UPLOAD.path)).toEqual(upload)
  expect(next.download('d')).toEqual({
    ...download,
    whole: [
      { from: 0, to: 20 },
      { from: 50, to: 60 },
    ],
  })
  expect(next.upload('other')).toBeUndefined()
  expect((await open('memory://other')).upload(UPLOAD.path)).toBeUndefined()
})

test('a torn note is not believed, and neither is what stands behind a damaged one', async () => {
  const { open, disk } = repository()
  const first = await open()
  const record = await first.beginDownload(DOWNLOAD)
  await first.confirm(record, [{ from: 0, to: 10 }])
  await disk.appendText(first.recordOf(record), '- {"whole":[[0,90]]}')
  expect((await open()).download('d')?.whole).toEqual([{ from: 0, to: 10 }])
  await disk.appendText(first.recordOf(record), '\n\0\0\0\n- {"whole":[[0,99]]}\n')
  const next = await open()
  expect(next.download('d')?.whole).toEqual([{ from: 0, to: 90 }])
  await next.continueDownload(next.download('d')!)
  await next.confirm(record, [{ from: 0, to: 95 }])
  expect((await open()).download('d')?.whole).toEqual([{ from: 0, to: 95 }])
})

test('ranges that cannot be are not believed', async () => {
  const { open, disk } = repository()
  const first = await open()
  const record = await first.beginDownload(DOWNLOAD)
  for (const whole of ['[[0,101]]', '[[-1,5]]', '[[5,5]]', '[["0",5]]', '{}'])
    await disk.appendText(first.recordOf(record), `- {"whole":${whole}}\n`)
  expect((await open()).download('d')?.whole).toEqual([])
})

test('what belongs to no record is removed, a record without its bytes too', async () => {
  const { open, folder, names } = repository()
  const first = await open()
  const kept = await first.beginDownload(DOWNLOAD)
  const bare = await first.beginDownload({ ...DOWNLOAD, key: 'bare' })
  fs.writeFileSync(`${folder}/${kept.name}.part`, 'x')
  fs.writeFileSync(`${folder}/stray.part`, 'x')
  fs.writeFileSync(`${folder}/damaged.yaml`, 'x')
  fs.writeFileSync(`${folder}/${kept.name}.yaml.new`, 'x')
  const next = await open()
  expect(names()).toHaveLength(6)
  expect(next.download('bare')?.name).toBe(bare.name)
  await next.tidy()
  expect(names().toSorted()).toEqual([`${kept.name}.part`, `${kept.name}.yaml`])
  await next.remove(kept)
  expect(names()).toEqual([])
})

test('folders that a system puts into every folder are none of what was left', async () => {
  const { open, folder, names } = repository()
  const first = await open()
  await first.remove(await first.beginUpload(UPLOAD))
  fs.mkdirSync(`${folder}/@index`)
  await (await open()).tidy()
  expect(names()).toEqual(['@index'])
})

test('of two records for one path the one begun last is gone on with', async () => {
  const { root, disk } = temporaryDisk()
  fs.mkdirSync(`${root}/${LSYNC}`)
  let now = 0
  // Names that come in the reverse order.
  const clock = { ...world, now: () => ++now, token: () => String(9 - now) }
  const first = await Transfers.open(disk, clock, 'memory://one')
  await first.beginUpload(UPLOAD)
  const { name } = await first.beginUpload({ ...UPLOAD, sha256: 'cd' })
  const next = await Transfers.open(disk, clock, 'memory://one')
  expect(next.upload(UPLOAD.path)?.name).toBe(name)
})

test('a record of a newer format is refused', async () => {
  const { open, folder } = repository()
  const first = await open()
  await first.beginUpload(UPLOAD)
  fs.writeFileSync(`${folder}/new.yaml`, '- {"format":2,"upload":{}}\n')
  await expect(open()).rejects.toMatchObject({ code: 'newer-format' })
})

test('nobody but the owner may read what lets others write into an upload', async () => {
  const { open, folder } = repository()
  await (await open()).beginUpload(UPLOAD)
  expect(fs.statSync(folder).mode & 0o777).toBe(0o700)
})
