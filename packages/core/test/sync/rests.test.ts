import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { nodeDisk } from '../../src/index.ts'
import { clones } from './two-clones.ts'

test('long rows of changes let others be heard, and never while a file is at neither of its places', async () => {
  const names = Array.from({ length: 100 }, (_, index) => `f${index}`)
  const heard: number[] = []
  let at = ''
  const among = (): number =>
    readdirSync(at, { recursive: true, encoding: 'utf8' }).filter((path) =>
      /^(?:d\/|e\/)?f\d+$/.test(path),
    ).length
  using c = await clones(2, {
    openDisk: (root) => {
      const disk = nodeDisk(root)
      // Whatever the event loop would do next sees what lies there now.
      return root.endsWith('clone1')
        ? { ...disk, rest: async () => void heard.push(among()) }
        : disk
    },
  })
  const [a = '', b = ''] = c.folders
  at = b
  for (const name of names) writeFileSync(join(a, name), name)
  await c.sync(0)
  await c.sync(1)
  expect(heard.length).toBeGreaterThan(5)
  heard.length = 0
  // Of another size: a file that is changed within the tick of its last look is hashed, not trusted.
  for (const name of names) writeFileSync(join(a, name), `${name} is another one`)
  await c.sync(0, { allow: ['mass-change'] })
  await c.sync(1, { allow: ['mass-change'] })
  expect(heard.length).toBeGreaterThan(5)
  expect(new Set(heard)).toEqual(new Set([100]))
  heard.length = 0
  mkdirSync(join(a, 'd'))
  for (const name of names) renameSync(join(a, name), join(a, 'd', name))
  await c.sync(0, { allow: ['mass-delete'] })
  await c.sync(1, { allow: ['mass-delete'] })
  expect(heard.length).toBeGreaterThan(5)
  expect(new Set(heard)).toEqual(new Set([100]))
})
