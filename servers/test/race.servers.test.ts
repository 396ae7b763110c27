import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createBucket } from '../src/index.ts'
import { Command } from './command.ts'

const {
  AWS_ENDPOINT_URL_S3: endpoint = '',
  AWS_ACCESS_KEY_ID: user = '',
  AWS_SECRET_ACCESS_KEY: secret = '',
} = process.env
const CLIENTS = ['c0', 'c1', 'c2', 'c3']
const ROUNDS = 50

/** Everything in a folder, `.lsync` and its trash too. */
function contentsBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
}

async function race(remote: string, lsync: Command): Promise<void> {
  for (const client of CLIENTS) expect((await lsync.run('init', remote, client)).code).toBe(0)
  writeFileSync(join(lsync.at('c0'), 'file'), 'start')
  for (const client of CLIENTS) expect((await lsync.run('-C', client, 'sync')).code).toBe(0)
  const replaced: string[] = []
  for (let round = 0; round < ROUNDS; round++) {
    for (const client of CLIENTS)
      writeFileSync(join(lsync.at(client), 'file'), `round ${round} of ${client}`)
    const codes = (
      await Promise.all(CLIENTS.map((client) => lsync.run('-C', client, 'sync', '-q')))
    ).map(({ code }) => code)
    expect(
      codes.toSorted((x, y) => (x ?? 0) - (y ?? 0)),
      `round ${round}`,
    ).toEqual([0, 3, 3, 3])
    const winner = CLIENTS[codes.indexOf(0)] ?? ''
    // The losers still have theirs; they take the winner's, and keep their own in the trash.
    for (const client of CLIENTS)
      expect(readFileSync(join(lsync.at(client), 'file'), 'utf8')).toBe(
        `round ${round} of ${client}`,
      )
    for (const client of CLIENTS.filter((one) => one !== winner)) {
      expect((await lsync.run('-C', client, 'sync', '--conflict', 'remote')).code).toBe(0)
      expect(readFileSync(join(lsync.at(client), 'file'), 'utf8')).toBe(
        `round ${round} of ${winner}`,
      )
      replaced.push(`round ${round} of ${client}`)
    }
  }
  // The winner's content was on every disk, where a person then wrote over it; a loser's was on its own alone, and lsync replaced it.
  const kept = new Set(CLIENTS.flatMap((client) => contentsBelow(lsync.at(client))))
  expect(replaced).toHaveLength(ROUNDS * (CLIENTS.length - 1))
  for (const content of replaced) expect(kept.has(content), content).toBe(true)
}

test('four processes change one file at once on the server: one winner a round, and every content is still somewhere', async () => {
  const bucket = `race-${randomUUID()}`
  await createBucket(endpoint, user, secret, bucket)
  const lsync = new Command()
  try {
    await race(`s3://${bucket}`, lsync)
  } finally {
    lsync.remove()
  }
})

test('the same on a folder', async () => {
  const lsync = new Command()
  try {
    await race(`file://${lsync.at('remote')}`, lsync)
  } finally {
    lsync.remove()
  }
})
