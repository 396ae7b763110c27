import { existsSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
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
