import fs from 'node:fs'
import { expect, onTestFinished, test, vi } from 'vitest'
import { temporaryDisk } from './temporary.ts'

test('names that are no UTF-8 are shown, and marked', async () => {
  const { root, disk } = temporaryDisk()
  fs.writeFileSync(Buffer.concat([Buffer.from(`${root}/bad-`), Buffer.from([0xff])]), '')
  fs.writeFileSync(`${root}/good-\u{FFFD}`, '')
  fs.mkdirSync(`${root}/folder`)
  fs.symlinkSync('nowhere', `${root}/link`)
  const items = await disk.list('')
  expect(items.toSorted((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
    { name: 'bad-\u{FFFD}', kind: 'file', nameable: false },
    { name: 'folder', kind: 'folder', nameable: true },
    { name: 'good-\u{FFFD}', kind: 'file', nameable: true },
    { name: 'link', kind: 'link', nameable: true },
  ])
})

test('where the disk tells no kinds, what goes meanwhile takes nothing else out of a folder', async () => {
  const { root, disk } = temporaryDisk()
  fs.writeFileSync(Buffer.concat([Buffer.from(`${root}/bad-`), Buffer.from([0xff])]), '')
  fs.writeFileSync(`${root}/stays`, '')
  fs.writeFileSync(`${root}/goes`, '')
  fs.mkdirSync(`${root}/folder`)
  const { readdirSync } = fs
  const untold = vi.spyOn(fs, 'readdirSync').mockImplementation(((
    place: string,
    options: { withFileTypes?: boolean },
  ) => {
    if (options.withFileTypes !== true) return readdirSync(place, { encoding: 'buffer' })
    // As Node does it.
    return readdirSync(place).map((name) => {
      fs.rmSync(`${root}/goes`, { force: true })
      return Object.assign(fs.lstatSync(`${place}/${name}`), { name })
    })
  }) as unknown as typeof readdirSync)
  onTestFinished(() => {
    untold.mockRestore()
  })
  const items = await disk.list('')
  expect(items.toSorted((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
    { name: 'bad-\u{FFFD}', kind: 'file', nameable: false },
    { name: 'folder', kind: 'folder', nameable: true },
    { name: 'stays', kind: 'file', nameable: true },
  ])
  await expect(disk.list('nowhere')).rejects.toMatchObject({ code: 'missing' })
})
