import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createBucket } from '../src/index.ts'
import { all, Client } from './client.ts'
import { Command } from './command.ts'

const {
  AWS_ENDPOINT_URL_S3: endpoint = '',
  AWS_ACCESS_KEY_ID: user = '',
  AWS_SECRET_ACCESS_KEY: secret = '',
} = process.env
const CLIENTS = ['c0', 'c1', 'c2', 'c3', 'c4']
/** `LSYNC_CHAOS=300` goes on for five minutes. */
const SECONDS = Number(process.env['LSYNC_CHAOS'] ?? 20)
const SEED = Number(process.env['LSYNC_SEED'] ?? Date.now() % 1_000_000)
const GUARDS = ['mass-delete', 'emptied', 'mass-change', 'unrelated'].flatMap((guard) => [
  '--allow',
  guard,
])

/** Mulberry32: the decisions follow from the seed; when they are taken does not. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

function filesBelow(folder: string, withLsync: boolean): readonly string[] {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => withLsync || !path.includes('/.lsync/'))
}

/** One person at one clone: edits, renames, removes, syncs, and now and then pulls the plug. Contents are told once they are whole on the disk. */
async function live(
  lsync: Command,
  client: string,
  random: (below: number) => number,
  until: number,
  gone: Set<string>,
  written: Set<string>,
): Promise<{ readonly runs: number; readonly kills: number }> {
  const root = lsync.at(client)
  let [runs, kills, edits] = [0, 0, 0]
  const pick = (): string | undefined => {
    const files = filesBelow(root, false)
    return files[random(Math.max(files.length, 1))]
  }
  const forget = (path: string): void => {
    try {
      gone.add(fs.readFileSync(path, 'utf8'))
    } catch {
      // A sync took it away in this instant; then it is not this person who did.
    }
  }
  while (Date.now() < until) {
    for (let count = random(4); count > 0; count--) {
      const path = join(root, `d${random(3)}/f${random(8)}`)
      const at = pick()
      try {
        switch (random(5)) {
          case 0:
            if (at === undefined) break
            forget(at)
            fs.unlinkSync(at)
            break
          case 1:
            if (at === undefined || fs.existsSync(path)) break
            fs.mkdirSync(dirname(path), { recursive: true })
            fs.linkSync(at, path)
            fs.unlinkSync(at)
            break
          default: {
            const content = `${client} ${edits++} ${randomUUID()}`
            fs.mkdirSync(dirname(path), { recursive: true })
            // By rename, as editors do: what was there is what this person knowingly replaced, if it can be read first.
            forget(path)
            fs.writeFileSync(`${root}/.lsync/save`, content)
            fs.renameSync(`${root}/.lsync/save`, path)
            written.add(content)
          }
        }
      } catch (error) {
        // The disk changed under the person's hands: a sync was at work at the same place.
        if (
          !['ENOENT', 'EEXIST', 'EISDIR', 'ENOTDIR'].includes(
            String((error as { code?: unknown }).code),
          )
        )
          throw error
      }
    }
    const policy = ['manual', 'keep-both', 'keep-both'][random(3)] ?? 'manual'
    const { child, ended } = lsync.start(
      '-C',
      client,
      'sync',
      '-q',
      '--conflict',
      policy,
      ...GUARDS,
    )
    runs++
    if (random(3) === 0) {
      await Promise.race([sleep(100 + random(1500)), ended])
      if (child.kill('SIGKILL')) kills++
    }
    const { code, stdout, stderr } = await ended
    expect([null, 0, 3, 4], `${client}: ${stdout}${stderr}`).toContain(code)
  }
  return { runs, kills }
}

/**
 * Who is killed between the claim and the removal of an object leaves a lease (where DELETE keeps no condition), and its path is busy for the ten
 * minutes in which a request of his may still be on its way. Here all are dead and nothing is: so they end as those minutes would end them.
 */
async function endLeases(bucket: string): Promise<void> {
  const client = new Client({ endpoint, accessKey: user, secretKey: secret }, bucket)
  try {
    const listing = await client.send('GET', undefined, { query: { 'list-type': '2' } })
    expect(listing.status, listing.text).toBe(200)
    for (const key of all(listing.text, 'Key')) {
      const { headers } = await client.send('HEAD', key)
      if (headers['x-amz-meta-lsync-claim'] === undefined) continue
      expect((await client.send('DELETE', key)).status).toBe(204)
      console.log(`${key}: a lease was left`)
    }
  } finally {
    client.close()
  }
}

async function chaos(
  remote: string,
  lsync: Command,
  afterDeaths: () => Promise<void>,
): Promise<void> {
  for (const client of CLIENTS) expect((await lsync.run('init', remote, client)).code).toBe(0)
  const written = new Set<string>()
  /** What a person knowingly removed or wrote over. */
  const gone = new Set<string>()
  const until = Date.now() + SECONDS * 1000
  const lives = await Promise.all(
    CLIENTS.map((client, index) =>
      live(lsync, client, randomFrom(SEED + index), until, gone, written),
    ),
  )
  await afterDeaths()
  // When all is quiet, everybody syncs until nobody has anything to do.
  for (let round = 0; round < 4; round++)
    for (const client of CLIENTS) {
      const { code, stdout, stderr } = await lsync.run(
        '-C',
        client,
        'sync',
        '-q',
        '--conflict',
        'keep-both',
        ...GUARDS,
      )
      expect(code, `${client}: ${stdout}${stderr}`).toBe(0)
    }
  const trees = CLIENTS.map((client) => {
    const root = lsync.at(client)
    const files = filesBelow(root, false).toSorted()
    return Object.fromEntries(
      files.map((path) => [path.slice(root.length + 1), fs.readFileSync(path, 'utf8')]),
    )
  })
  for (const tree of trees) expect(tree).toEqual(trees[0])
  const kept = new Set(
    CLIENTS.flatMap((client) =>
      filesBelow(lsync.at(client), true).map((path) => fs.readFileSync(path, 'utf8')),
    ),
  )
  const lost = [...written].filter((content) => !kept.has(content) && !gone.has(content))
  expect(lost).toEqual([])
  for (const client of CLIENTS) {
    const verified = await lsync.run('-C', client, 'verify', '--deep')
    expect(verified.code, verified.stdout + verified.stderr).toBe(0)
  }
  const sum = (what: 'runs' | 'kills'): number => lives.reduce((total, one) => total + one[what], 0)
  console.log(
    `seed ${SEED}: ${sum('runs')} runs, ${sum('kills')} killed, ${written.size} contents written, ${gone.size} removed or replaced by people, ${Object.keys(trees[0] ?? {}).length} files in the end`,
  )
}

test(
  'five people edit, rename, remove and pull the plug: nothing is lost that nobody meant to lose, and all are equal in the end',
  async () => {
    const bucket = `chaos-${randomUUID()}`
    await createBucket(endpoint, user, secret, bucket)
    const lsync = new Command()
    try {
      await chaos(`s3://${bucket}`, lsync, () => endLeases(bucket))
    } finally {
      lsync.remove()
    }
  },
  (SECONDS * 10 + 600) * 1000,
)

test(
  'the same on a folder',
  async () => {
    const lsync = new Command()
    try {
      await chaos(`file://${lsync.at('remote')}`, lsync, () => Promise.resolve())
    } finally {
      lsync.remove()
    }
  },
  (SECONDS * 10 + 600) * 1000,
)
