import { randomUUID } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
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
const FILES = 300

test('many files of a folder, each named, take few requests, and what was not named is left alone', async () => {
  const bucket = `named-${randomUUID()}`
  await createBucket(endpoint, user, secret, bucket)
  const proxy = await countingProxy(endpoint)
  const lsync = new Command({ AWS_ENDPOINT_URL_S3: proxy.endpoint })
  try {
    expect((await lsync.run('init', `s3://${bucket}`, 'a')).code).toBe(0)
    const folder = join(lsync.at('a'), 'd')
    mkdirSync(folder)
    const names = Array.from({ length: FILES }, (_, index) => `f${index}`)
    for (const name of names) writeFileSync(join(folder, name), name)
    writeFileSync(join(folder, 'f10 not named'), 'x')
    expect((await lsync.run('-C', 'a', 'sync', '-q')).code).toBe(0)
    // What was written just now is looked at once more.
    await sleep(100)
    expect((await lsync.run('-C', 'a', 'sync', '-q')).code).toBe(0)
    for (const name of ['f7', 'f10 not named']) writeFileSync(join(folder, name), 'edited')
    rmSync(join(folder, 'f8'))
    proxy.succeeded.clear()
    const paths = names.map((name) => join('d', name))
    const { code, stdout } = await lsync.run('-C', 'a', 'push', '--json', ...paths)
    expect(code).toBe(0)
    expect(JSON.parse(stdout).totals).toMatchObject({
      uploaded: { files: 1 },
      removedRemotely: 1,
      unchanged: FILES - 2,
    })
    const requests = [...proxy.succeeded.values()].reduce((sum, count) => sum + count, 0)
    console.log(`${requests} requests for ${FILES} named paths`)
    expect(requests).toBeLessThan(30)
  } finally {
    await proxy.stop()
    lsync.remove()
  }
})
