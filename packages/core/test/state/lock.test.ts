import fs from 'node:fs'
import { expect, test } from 'vitest'
import { type Disk, DiskError } from '../../src/disk/disk.ts'
import { isAlive, processIdentity } from '../../src/disk/node-process.ts'
import { nodeWorld } from '../../src/disk/node-world.ts'
import { LsyncError } from '../../src/model/errors.ts'
import { LOCK, LSYNC } from '../../src/state/layout.ts'
import { type LockOptions, takeLock } from '../../src/state/lock.ts'
import { type TemporaryDisk, temporaryDisk } from '../disk/temporary.ts'

const world = nodeWorld()
const self = processIdentity()

function options(more: Partial<LockOptions> = {}): LockOptions {
  return { self, isAlive, wait: 0, signal: new AbortController().signal, ...more }
}

function temporaryRepository(): TemporaryDisk {
  const temporary = temporaryDisk()
  fs.mkdirSync(`${temporary.root}/${LSYNC}`)
  return temporary
}

/** A lock as another process left it. */
function leave(root: string, holder: Partial<LockOptions['self']>): void {
  const text = JSON.stringify({ format: 1, ...self, ...holder, since: '2026-01-31T14:05:09.000Z' })
  fs.writeFileSync(`${root}/${LOCK}`, `${text}\n`)
}

test('held once, free again, and nothing is left behind', async () => {
  const { root, disk } = temporaryRepository()
  const release = await takeLock(disk, world, options())
  await expect(takeLock(disk, world, options())).rejects.toMatchObject({ code: 'locked' })
  await release()
  expect(fs.readdirSync(`${root}/${LSYNC}`)).toEqual([])
  await (
    await takeLock(disk, world, options())
  )()
})

test('who holds it is said: the process, the host, and since when', async () => {
  const { root, disk } = temporaryRepository()
  leave(root, { pid: 4711, host: 'elsewhere' })
  const failure: unknown = await takeLock(disk, world, options()).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(LsyncError)
  expect(failure).toMatchObject({
    code: 'locked',
    facts: { pid: 4711, host: 'elsewhere', since: '2026-01-31T14:05:09.000Z', elsewhere: 1 },
  })
})

test('who waits for a while is not held up by a clock that is set back meanwhile', async () => {
  const { root, disk } = temporaryRepository()
  leave(root, { pid: 4711, host: 'elsewhere' })
  let now = Date.now()
  let slept = 0
  const setBack = {
    ...world,
    now: () => now,
    async sleep(milliseconds: number) {
      slept += milliseconds
      now += slept < 1000 ? milliseconds : -3_600_000
      if (slept > 60_000) throw new Error('waits for ever')
    },
  }
  await expect(takeLock(disk, setBack, options({ wait: 3 }))).rejects.toMatchObject({
    code: 'locked',
  })
  expect(slept).toBe(3000)
})

test('one of another machine of our name is not taken over', async () => {
  const { root, disk } = temporaryRepository()
  leave(root, { machine: 'another', boot: 'another', started: '1' })
  await expect(takeLock(disk, world, options())).rejects.toMatchObject({
    code: 'locked',
    facts: { host: self.host, elsewhere: 1, file: '.lsync/lock' },
  })
})

test('one that a former version left is judged by its host', async () => {
  const { root, disk } = temporaryRepository()
  leave(root, { machine: undefined })
  await expect(takeLock(disk, world, options())).rejects.toMatchObject({ facts: { elsewhere: 0 } })
  leave(root, { machine: undefined, boot: 'earlier' })
  await (
    await takeLock(disk, world, options())
  )()
})

test.each(['forbidden', 'read-only'] as const)(
  'where the disk refuses (%s), those who only read go on without it',
  async (code) => {
    const { disk } = temporaryRepository()
    const refusing: Disk = {
      ...disk,
      createText: async (path) => {
        throw new DiskError(code, path, 'refused')
      },
    }
    await expect(takeLock(refusing, world, options())).rejects.toMatchObject({ code })
    const release = await takeLock(refusing, world, options({ reading: true }))
    await release()
    // Where it can be held, it is.
    const held = await takeLock(disk, world, options())
    await expect(takeLock(disk, world, options({ reading: true }))).rejects.toMatchObject({
      code: 'locked',
    })
    await held()
  },
)

test.each([
  ['a process of an earlier boot', { boot: 'earlier' }],
  ['an earlier process of our number', { started: '1' }],
])('what %s left is taken over', async (_, holder) => {
  const { root, disk } = temporaryRepository()
  leave(root, holder)
  const release = await takeLock(disk, world, options())
  expect(fs.readdirSync(`${root}/${LSYNC}`)).toEqual(['lock'])
  await release()
})

test('many after a dead one: one at a time', async () => {
  const { root, disk } = temporaryRepository()
  leave(root, { boot: 'earlier' })
  let inside = 0
  let most = 0
  let turns = 0
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      const release = await takeLock(disk, world, options({ wait: 15 }))
      most = Math.max(most, ++inside)
      turns++
      await world.sleep(5, new AbortController().signal)
      inside--
      await release()
    }),
  )
  expect([most, turns]).toEqual([1, 8])
  expect(fs.readdirSync(`${root}/${LSYNC}`)).toEqual([])
})

test('waiting ends by the signal, with its reason', async () => {
  const { disk } = temporaryRepository()
  const release = await takeLock(disk, world, options())
  const abort = new AbortController()
  const reason = new Error('enough')
  const waiting = takeLock(disk, world, options({ wait: 60, signal: abort.signal }))
  abort.abort(reason)
  await expect(waiting).rejects.toBe(reason)
  await release()
})

test('a release leaves a lock alone that is not ours any more', async () => {
  const { root, disk } = temporaryRepository()
  const release = await takeLock(disk, world, options())
  leave(root, { pid: 4711, host: 'elsewhere' })
  await release()
  expect(fs.readFileSync(`${root}/${LOCK}`, 'utf8')).toContain('4711')
})

test('what was left beside the lock goes with the next one, if whoever left it is dead', async () => {
  const { root, disk } = temporaryRepository()
  const dead = { boot: 'earlier' }
  const alive = { host: 'elsewhere' }
  for (const [name, holder] of [
    ['lock.0123456789abcdef', dead],
    ['lock.fedcba9876543210', alive],
    ['lock.txt', dead],
  ] as const) {
    leave(root, holder)
    fs.renameSync(`${root}/${LOCK}`, `${root}/${LSYNC}/${name}`)
  }
  fs.writeFileSync(`${root}/${LSYNC}/lock.00`, 'half')
  await (
    await takeLock(disk, world, options())
  )()
  expect(fs.readdirSync(`${root}/${LSYNC}`).toSorted()).toEqual([
    'lock.00',
    'lock.fedcba9876543210',
    'lock.txt',
  ])
})

test('an empty lock, as a power cut leaves it, does not lock for ever', async () => {
  const { root, disk } = temporaryRepository()
  fs.writeFileSync(`${root}/${LOCK}`, '')
  await (
    await takeLock(disk, world, options())
  )()
  expect(fs.readdirSync(`${root}/${LSYNC}`)).toEqual([])
})
