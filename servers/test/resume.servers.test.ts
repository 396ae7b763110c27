import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { createReadStream, mkdirSync, readdirSync } from 'node:fs'
import { open } from 'node:fs/promises'
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
const MIB = 1024 * 1024
const PART = 8 * MIB
/** 1024 for the figures of decision 6. */
const SIZE = Number(process.env['LSYNC_RESUME_MIB'] ?? 1024) * MIB
const MOMENTS = [0.3, 0.7]

test('a large file that is killed at 30 % and at 70 % goes on, up and down', async () => {
  const bucket = `resume-${randomUUID()}`
  await createBucket(endpoint, user, secret, bucket)
  const proxy = await countingProxy(endpoint)
  const lsync = new Command({ AWS_ENDPOINT_URL_S3: proxy.endpoint })
  /** Kills a run once so many bytes in all have passed. */
  const killAt = async (side: 'up' | 'down', folder: string, share: number): Promise<void> => {
    const { child, ended } = lsync.start('-C', folder, 'sync', '-q')
    while (proxy.bytes[side] < SIZE * share && child.exitCode === null) await sleep(1)
    child.kill('SIGKILL')
    expect((await ended).code, `it was done before ${share * 100} %`).toBe(null)
  }
  const finish = async (side: 'up' | 'down', folder: string): Promise<void> => {
    const last = await lsync.run('-C', folder, 'sync', '--json')
    expect(last.stderr).toBe('')
    expect(JSON.parse(last.stdout)).toMatchObject({ conflicts: [], problems: [], exitCode: 0 })
    const extra = proxy.bytes[side] - SIZE
    console.log(
      `${side}: ${proxy.bytes[side]} bytes for ${SIZE}: ${(extra / MIB).toFixed(1)} MiB more, ${(proxy.bytes[side] / SIZE).toFixed(4)} times the size`,
    )
    expect(proxy.bytes[side]).toBeLessThanOrEqual(SIZE * 1.05 + MOMENTS.length * PART)
    expect(readdirSync(join(lsync.at(folder), '.lsync/transfers'))).toEqual([])
  }
  try {
    const remote = `s3://${bucket}`
    mkdirSync(lsync.at('a'))
    expect((await lsync.run('init', remote, 'a')).code).toBe(0)
    const written = await writeRandom(join(lsync.at('a'), 'large'))
    proxy.bytes.up = 0
    for (const share of MOMENTS) await killAt('up', 'a', share)
    await finish('up', 'a')

    expect((await lsync.run('init', remote, 'b')).code).toBe(0)
    proxy.bytes.down = 0
    for (const share of MOMENTS) await killAt('down', 'b', share)
    await finish('down', 'b')
    expect(await digestOf(join(lsync.at('b'), 'large'))).toBe(written)
  } finally {
    await proxy.stop()
    lsync.remove()
  }
})

async function writeRandom(path: string): Promise<string> {
  const hash = createHash('sha256')
  const file = await open(path, 'wx')
  try {
    for (let at = 0; at < SIZE; at += MIB) {
      const bytes = randomBytes(MIB)
      hash.update(bytes)
      await file.write(bytes)
    }
  } finally {
    await file.close()
  }
  return hash.digest('hex')
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
