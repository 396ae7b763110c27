import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { Locks } from '../src/lock.ts'

const { signal } = new AbortController()
const roots: string[] = []

afterEach(() => {
  vi.restoreAllMocks()
  for (const root of roots.splice(0)) rmSync(root, { recursive: true })
})

function scene(): { readonly root: string; readonly folder: string } {
  const root = mkdtempSync(join(tmpdir(), 'lsync-locks-'))
  roots.push(root)
  return { root, folder: join(root, '.lsync/store/locks') }
}

const stripesOf = (folder: string): string[] =>
  readdirSync(folder).filter((name) => /^\d+$/.test(name))
const ownOf = (folder: string): string[] =>
  readdirSync(folder).filter((name) => /^\d+\.[0-9a-f]{8}$/.test(name))

/** What a client of this machine wrote that is dead now. */
async function textOfDead(): Promise<string> {
  const { root, folder } = scene()
  using locks = new Locks(root)
  await locks.run('key', signal, () => undefined)
  const text = readFileSync(join(folder, ownOf(folder)[0]!), 'utf8')
  // No system has so many processes.
  return JSON.stringify({ ...JSON.parse(text), pid: 2 ** 23, started: '1', id: 'dead' })
}

test('a lock is there while the work is done and gone after it, and so is what the client made for itself', async () => {
  const { root, folder } = scene()
  {
    using locks = new Locks(root)
    expect(await locks.run('key', signal, () => stripesOf(folder).length)).toBe(1)
    await expect(
      locks.run('key', signal, () => {
        throw new Error('no')
      }),
    ).rejects.toThrow('no')
    expect(stripesOf(folder)).toEqual([])
  }
  expect(readdirSync(folder)).toEqual([])
})

test('a lock that could not be read when it was to be given back goes at the end', async () => {
  const { root, folder } = scene()
  {
    using locks = new Locks(root)
    const place = await locks.run('key', signal, () => {
      const stripe = join(folder, stripesOf(folder)[0]!)
      renameSync(stripe, `${stripe}.away`)
      return stripe
    })
    renameSync(`${place}.away`, place)
    expect(stripesOf(folder)).toHaveLength(1)
  }
  expect(readdirSync(folder)).toEqual([])
})

test('who comes later waits for a living client, and no longer', async () => {
  const { root, folder } = scene()
  using first = new Locks(root)
  using second = new Locks(root)
  await first.run('other', signal, () => undefined)
  const stripe = await first.run('key', signal, () => stripesOf(folder)[0]!)
  linkSync(join(folder, ownOf(folder)[0]!), join(folder, stripe))
  let isDone = false
  const waiting = second.run('key', signal, () => {
    isDone = true
  })
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(isDone).toBe(false)
  rmSync(join(folder, stripe))
  await waiting
  expect(isDone).toBe(true)
})

test('locks of the dead are taken over, and what they left is cleared', async () => {
  const { root, folder } = scene()
  mkdirSync(folder, { recursive: true })
  const own = join(folder, `${2 ** 23}.deadbeef`)
  writeFileSync(own, await textOfDead())
  for (let stripe = 0; stripe < 256; stripe++) linkSync(own, join(folder, String(stripe)))
  using locks = new Locks(root)
  for (const key of ['a', 'b', 'c']) await locks.run(key, signal, () => undefined)
  expect(existsSync(own)).toBe(false)
  expect(stripesOf(folder).length).toBeLessThan(256)
})

test('of machines of one name, only its own processes are judged by each', async () => {
  const { root, folder } = scene()
  using locks = new Locks(root)
  const stripe = await locks.run('key', signal, () => stripesOf(folder)[0]!)
  const place = join(folder, stripe)
  const dead: Record<string, unknown> = JSON.parse(await textOfDead())
  const take = async (holder: Record<string, unknown>): Promise<boolean> => {
    writeFileSync(place, JSON.stringify(holder))
    return locks.run('key', AbortSignal.timeout(200), () => true).catch(() => false)
  }
  expect(await take(dead)).toBe(true)
  expect(await take({ ...dead, boot: 'before' })).toBe(true)
  const { machine: _machine, ...former } = dead
  expect(await take({ ...former, boot: 'before' })).toBe(true)
  expect(await take({ ...dead, machine: 'another' })).toBe(false)
  expect(await take({ ...dead, machine: 'another', boot: 'before' })).toBe(false)
  expect(existsSync(place)).toBe(true)
})

test('who waits in vain is told for whom, and what to do', async () => {
  const { root, folder } = scene()
  using locks = new Locks(root)
  const stripe = await locks.run('key', signal, () => stripesOf(folder)[0]!)
  writeFileSync(join(folder, stripe), '{"pid":17,"host":"elsewhere"}')
  // When the waiting begins: long ago.
  vi.spyOn(Date, 'now').mockReturnValueOnce(0)
  await expect(locks.run('key', signal, () => undefined)).rejects.toMatchObject({
    code: 'busy',
    message: `process 17 on elsewhere holds the lock for key: if it is gone, remove .lsync/store/locks/${stripe} there`,
  })
})

test('only what nobody needs is cleared', async () => {
  const { root, folder } = scene()
  mkdirSync(folder, { recursive: true })
  using other = new Locks(root)
  await other.run('key', signal, () => undefined)
  const [living] = ownOf(folder)
  writeFileSync(join(folder, '5.00000001'), '')
  writeFileSync(join(folder, '5.00000002'), '{"pid":1,"host":"elsewhere"}')
  for (const name of ['5.00000003', '17.dead.00000004']) {
    writeFileSync(join(folder, name), '')
    utimesSync(join(folder, name), 1, 1)
  }
  using locks = new Locks(root)
  const during = await locks.run('key', signal, () => ownOf(folder))
  expect(during).toHaveLength(4)
  expect(during).toEqual(expect.arrayContaining([living, '5.00000001', '5.00000002']))
  // Somebody may be at work on it.
  expect(readdirSync(folder)).toContain('17.dead.00000004')
})

test('a client whose own file somebody tidied away makes it anew, and takes a lock that is its own for its own', async () => {
  const { root, folder } = scene()
  using locks = new Locks(root)
  const stripe = await locks.run('key', signal, () => stripesOf(folder)[0]!)
  rmSync(folder, { recursive: true })
  await locks.run('key', signal, () => undefined)
  // As if the answer to an earlier attempt had been lost.
  linkSync(join(folder, ownOf(folder)[0]!), join(folder, stripe))
  // Else it would wait for itself, and then be refused.
  await locks.run('key', signal, () => undefined)
  expect(stripesOf(folder)).toEqual([])
})
