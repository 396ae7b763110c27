import { randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createBucket } from '../src/index.ts'
import { Command } from './command.ts'
import { countingProxy } from './counting-proxy.ts'

const {
  AWS_ENDPOINT_URL_S3: endpoint = '',
  AWS_ACCESS_KEY_ID: user = '',
  AWS_SECRET_ACCESS_KEY: secret = '',
} = process.env
const FILES = 2000
const MOMENTS = 20

test('killed at twenty moments of a sync of 2,000 files: nothing lost, nothing asked, nothing sent twice', async () => {
  const bucket = `kill-${randomUUID()}`
  await createBucket(endpoint, user, secret, bucket)
  const proxy = await countingProxy(endpoint)
  const lsync = new Command({ AWS_ENDPOINT_URL_S3: proxy.endpoint })
  try {
    const remote = `s3://${bucket}`
    expect((await lsync.run('init', remote, 'a')).code).toBe(0)
    for (let index = 0; index < FILES; index++) {
      const folder = join(lsync.at('a'), `d${index % 20}`)
      mkdirSync(folder, { recursive: true })
      writeFileSync(join(folder, `f${index}`), `content ${index}`)
    }
    const whole = Date.now()
    const killed = { up: 0, down: 0 }
    for (let moment = 0; moment < MOMENTS; moment++) {
      const { child, ended } = lsync.start('-C', 'a', 'sync', '-q')
      // In the middle of the work each time, since by far not all has been sent.
      await Promise.race([proxy.after('PUT', 20 + moment), ended])
      await sleep(moment)
      if (child.kill('SIGKILL')) killed.up++
      await ended
      // What was on its way when its sender died arrives, or does not.
      await proxy.quiet()
    }
    expect(killed.up).toBe(MOMENTS)
    const last = await lsync.run('-C', 'a', 'sync', '--json')
    expect(last.stderr).toBe('')
    expect(last.code).toBe(0)
    expect(JSON.parse(last.stdout)).toMatchObject({ conflicts: [], problems: [] })
    const puts = [...proxy.succeeded].filter(
      ([what]) => what.startsWith('PUT') && /\/f\d+$/.test(what),
    )
    expect(puts).toHaveLength(FILES)
    expect(puts.filter(([, times]) => times > 1)).toEqual([])
    // Nor was any sent in vain, to be refused since the remote has it.
    expect([...proxy.refused.keys()].filter((what) => /\/f\d+$/.test(what))).toEqual([])

    // The other direction, as often.
    expect((await lsync.run('init', remote, 'b')).code).toBe(0)
    for (let moment = 0; moment < MOMENTS; moment++) {
      const { child, ended } = lsync.start('-C', 'b', 'sync', '-q')
      await Promise.race([proxy.after('GET', 50 + moment * 50), ended])
      await sleep(moment)
      if (child.kill('SIGKILL')) killed.down++
      await ended
    }
    const pulled = await lsync.run('-C', 'b', 'sync', '--json')
    expect(pulled.code).toBe(0)
    const { actions, ...report } = JSON.parse(pulled.stdout)
    expect(actions.filter(({ direction }: { direction: string }) => direction === 'up')).toEqual([])
    expect(report).toMatchObject({ conflicts: [], problems: [] })
    expect(report.totals).toMatchObject({ uploaded: { files: 0 }, removedRemotely: 0 })
    for (let index = 0; index < FILES; index++)
      expect(readFileSync(join(lsync.at('b'), `d${index % 20}`, `f${index}`), 'utf8')).toBe(
        `content ${index}`,
      )
    expect(readdirSync(join(lsync.at('b'), '.lsync/staging'))).toEqual([])
    console.log(
      `killed ${killed.up} times on the way up, ${killed.down} on the way down, in ${Math.round((Date.now() - whole) / 1000)} s`,
    )
  } finally {
    await proxy.stop()
    lsync.remove()
  }
}, 600_000)
