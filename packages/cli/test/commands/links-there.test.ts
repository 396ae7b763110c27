import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { expect, test } from 'vitest'
import { json } from '../run.ts'
import { inside, repository } from './repositories.ts'

test.each([
  ['a file', 'd/x'],
  ['a folder', 'd'],
])('%s that became a link in the remote folder is no removal', async (_, moved) => {
  const box = await repository({ y: 'y', z: 'z' })
  const a = inside(box, 'a')
  mkdirSync(box.path('a', 'd'))
  writeFileSync(box.path('a', 'd', 'x'), 'x')
  await json(a, 'sync')
  renameSync(box.path('remote', ...moved.split('/')), box.path('elsewhere'))
  symlinkSync(box.path('elsewhere'), box.path('remote', ...moved.split('/')))
  const { exit, document } = await json(a, 'sync')
  expect(exit).toBe(4)
  expect(document).toMatchObject({
    problems: [
      { path: 'd/x', code: 'unreadable', message: expect.stringContaining('a symbolic link') },
    ],
  })
  expect(existsSync(box.path('a', 'd', 'x'))).toBe(true)
})

test('an empty folder that became a link in the remote folder is no removal', async () => {
  const box = await repository({ y: 'y', z: 'z' })
  const a = inside(box, 'a')
  mkdirSync(box.path('a', 'd'))
  await json(a, 'sync')
  renameSync(box.path('remote', 'd'), box.path('elsewhere'))
  symlinkSync(box.path('elsewhere'), box.path('remote', 'd'))
  for (let run = 0; run < 2; run++) {
    const { exit, document } = await json(a, 'sync')
    expect(exit).toBe(4)
    expect(document).toMatchObject({
      problems: [{ path: 'd/', message: expect.stringContaining('a symbolic link') }],
    })
    expect(existsSync(box.path('a', 'd'))).toBe(true)
  }
})

test('a link that stands where a file is sent, or named, is nothing to other paths', async () => {
  const box = await repository({ f: 'f', y: 'y' })
  const a = inside(box, 'a')
  renameSync(box.path('remote', 'f'), box.path('elsewhere'))
  symlinkSync(box.path('elsewhere'), box.path('remote', 'f'))
  writeFileSync(box.path('a', 'f'), 'edited')
  writeFileSync(box.path('a', 'new'), 'new')
  const { exit, document } = await json(a, 'sync')
  expect(exit).toBe(4)
  expect(document).toMatchObject({ problems: [{ path: 'f' }] })
  expect(readFileSync(box.path('remote', 'new'), 'utf8')).toBe('new')
  expect((await json(a, 'status', 'f')).exit).toBeLessThan(5)
  expect((await json(a, 'sync', 'f')).exit).toBe(4)
  expect(readFileSync(box.path('elsewhere'), 'utf8')).toBe('f')
})
