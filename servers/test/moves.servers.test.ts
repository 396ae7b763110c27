import { randomBytes, randomUUID } from 'node:crypto'
import { mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createBucket } from '../src/index.ts'
import { Command } from './command.ts'
import { countingProxy } from './counting-proxy.ts'

const {
  AWS_ENDPOINT_URL_S3: endpoint = '',
  AWS_ACCESS_KEY_ID: user = '',
  AWS_SECRET_ACCESS_KEY: secret = '',
} = process.env
const FILES = Number(process.env['LSYNC_MOVED_FILES'] ?? 100)
const SIZE = 500_000

test(`renaming a folder of ${FILES} files sends nearly nothing, and the other clone fetches none of them`, async () => {
  const bucket = `moves-${randomUUID()}`
  await createBucket(endpoint, user, secret, bucket)
  const proxy = await countingProxy(endpoint)
  const lsync = new Command({ AWS_ENDPOINT_URL_S3: proxy.endpoint })
  try {
    const folder = join(lsync.at('a'), 'before')
    expect((await lsync.run('init', `s3://${bucket}`, 'a')).code).toBe(0)
    mkdirSync(folder)
    for (let index = 0; index < FILES; index++)
      writeFileSync(join(folder, `f${index}`), randomBytes(SIZE))
    expect((await lsync.run('-C', 'a', 'sync', '-q')).code).toBe(0)
    expect(proxy.bytes.up).toBeGreaterThan(FILES * SIZE)
    expect((await lsync.run('clone', `s3://${bucket}`, 'b', '-q')).code).toBe(0)
    expect(proxy.bytes.down).toBeGreaterThan(FILES * SIZE)
    const { ino } = statSync(join(lsync.at('b'), 'before/f0'))

    renameSync(folder, join(lsync.at('a'), 'after'))
    for (const name of ['a', 'b']) {
      const before = { ...proxy.bytes }
      const { code, stdout } = await lsync.run('-C', name, 'sync', '--json')
      expect(code).toBe(0)
      expect(JSON.parse(stdout).totals).toMatchObject({
        moved: FILES,
        uploaded: { files: 0 },
        downloaded: { files: 0 },
        removedLocally: 0,
        removedRemotely: 0,
      })
      const bytes = proxy.bytes.up - before.up + (proxy.bytes.down - before.down)
      console.log(`${name}: ${bytes} bytes for ${FILES * SIZE} moved`)
      expect(bytes).toBeLessThan(FILES * SIZE * 0.02)
    }
    expect(statSync(join(lsync.at('b'), 'after/f0')).ino).toBe(ino)
  } finally {
    await proxy.stop()
    lsync.remove()
  }
})
