import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { emptyTrash, listTrash, nodeDisk, restoreTrash } from '../../src/index.ts'
import { clones } from './two-clones.ts'

const { signal } = new AbortController()

test('the trash is held to its size, oldest first, and what this run puts there stays', async () => {
  using c = await clones(2)
  const [a = '', b = ''] = c.folders
  writeFileSync(join(a, 'x'), 'x'.repeat(3000))
  await c.sync(0)
  await c.sync(1)
  const put = (run: string, size: number): void => {
    mkdirSync(join(b, '.lsync/trash', run, 'd'), { recursive: true })
    writeFileSync(join(b, '.lsync/trash', run, 'd', 'f'), 'f'.repeat(size))
  }
  const now = Date.now()
  const days = (ago: number): string =>
    `${new Date(now - ago * 86_400_000).toISOString().slice(0, 19).replaceAll(':', '.')}Z-00000000`
  put(days(3), 1000)
  put(days(2), 1000)
  put(days(1), 1000)
  await c.configure(1, 'trash-size', '4K')
  writeFileSync(join(a, 'x'), 'newer')
  await c.sync(0)
  const { events } = await c.sync(1)
  expect(events).toContainEqual({ type: 'trash-cleared', files: 2, bytes: 2000 })
  const left = readdirSync(join(b, '.lsync/trash'))
  expect(left).toHaveLength(2)
  expect(left[0]).toBe(days(1))
  await c.configure(1, 'trash-size', '1K')
  await c.sync(1)
  await c.sync(1)
  expect(existsSync(join(b, '.lsync/trash', days(1)))).toBe(false)
})

test('a size that is none is refused with what it takes', async () => {
  using c = await clones(1)
  await expect(c.configure(0, 'trash-size', 'huge')).rejects.toThrow('an amount like 500M or 10G')
})

test('the trash is not touched while a run is under way', async () => {
  using c = await clones(1)
  const [a = ''] = c.folders
  const { machine, repository } = await c.at(0)
  const busy = { ...machine, isAlive: () => true }
  mkdirSync(join(a, '.lsync/trash/run'), { recursive: true })
  writeFileSync(join(a, '.lsync/trash/run/f'), 'f')
  await nodeDisk(a).createText(
    '.lsync/lock',
    JSON.stringify({ pid: 1, host: machine.process.host, boot: machine.process.boot, started: '' }),
  )
  const { value: item } = await listTrash(repository.disk).next()
  if (item === undefined || item === null) throw new Error('the trash is empty')
  await expect(restoreTrash(busy, repository, item, 'f', signal)).rejects.toMatchObject({
    code: 'locked',
  })
  const everything = { before: Number.POSITIVE_INFINITY, atLeast: 0 }
  await expect(emptyTrash(busy, repository, everything, signal)).rejects.toMatchObject({
    code: 'locked',
  })
})
