import { randomBytes } from 'node:crypto'
import { existsSync, linkSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { wired, type Wired } from './wired-clones.ts'

/** Above, objects are read in ranges. */
const LARGE = 33 * 1024 * 1024

/** An object of which an interrupted run fetched some. */
async function halfFetched(c: Wired): Promise<Uint8Array> {
  const bytes = randomBytes(LARGE)
  await c.place('file', bytes)
  await c.interrupted(1, (stop) => {
    c.wire.onRead = (read) => {
      if (read >= LARGE / 2) stop()
    }
  })
  expect(c.left(c.b)).toHaveLength(2)
  return bytes
}

const arrived = (c: Wired): Buffer => readFileSync(join(c.b, 'file'))

test('a download that was interrupted fetches what is missing, and nothing twice', async () => {
  using c = await wired()
  const bytes = await halfFetched(c)
  const before = c.wire.read
  expect(before).toBeLessThan(LARGE)
  const { totals, events } = await c.sync(1)
  expect(totals.downloaded).toEqual({ files: 1, bytes: LARGE })
  expect(arrived(c).equals(bytes)).toBe(true)
  expect(c.wire.read).toBe(LARGE)
  expect(events).toContainEqual({ type: 'resumed', direction: 'down', bytes: before })
  expect(c.left(c.b)).toEqual([])
  expect(readdirSync(join(c.b, '.lsync/staging'))).toEqual([])
})

test('an object that changed meanwhile is fetched from its beginning', async () => {
  using c = await wired()
  await halfFetched(c)
  const other = randomBytes(LARGE)
  await c.place('file', other)
  const before = c.wire.read
  await c.sync(1)
  expect(arrived(c).equals(other)).toBe(true)
  expect(c.wire.read - before).toBe(LARGE)
  expect(c.left(c.b)).toEqual([])
})

test('bytes that are not the ones that were noted make it begin anew, once', async () => {
  using c = await wired()
  const bytes = await halfFetched(c)
  const part = c.left(c.b).find((name) => name.endsWith('.part')) ?? ''
  const lying = readFileSync(join(c.b, '.lsync/transfers', part))
  lying[0] = (lying[0] ?? 0) ^ 1
  writeFileSync(join(c.b, '.lsync/transfers', part), lying)
  const { problems } = await c.sync(1)
  expect(problems).toEqual([])
  expect(arrived(c).equals(bytes)).toBe(true)
  expect(c.left(c.b)).toEqual([])
})

test('what has got its name in the folder already is not written to any more', async () => {
  using c = await wired()
  const bytes = await halfFetched(c)
  const part = c.left(c.b).find((name) => name.endsWith('.part')) ?? ''
  // As a kill leaves it between the two steps of a rename that may not overwrite; then a person has edited it and moved it away.
  const mine = join(c.b, '../mine')
  linkSync(join(c.b, '.lsync/transfers', part), mine)
  const edited = readFileSync(mine).fill('edited', 0, 100)
  writeFileSync(mine, edited, { flag: 'r+' })
  await c.sync(1)
  expect(readFileSync(mine).equals(edited)).toBe(true)
  expect(arrived(c).equals(bytes)).toBe(true)
  expect(c.left(c.b)).toEqual([])
})

test('bytes that are gone are fetched again', async () => {
  using c = await wired()
  const bytes = await halfFetched(c)
  const part = c.left(c.b).find((name) => name.endsWith('.part')) ?? ''
  writeFileSync(join(c.b, '.lsync/transfers', part), 'short')
  await c.sync(1)
  expect(arrived(c).equals(bytes)).toBe(true)
})

test('small files leave no trace among the transfers', async () => {
  using c = await wired()
  writeFileSync(join(c.a, 'small'), 'small')
  await c.sync(0)
  await c.sync(1)
  for (const folder of [c.a, c.b]) expect(existsSync(join(folder, '.lsync/transfers'))).toBe(false)
})
