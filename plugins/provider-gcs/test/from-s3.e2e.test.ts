import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startFaultyGcs, startFaultyS3 } from '@lsync/servers'
import { expect, test } from 'vitest'
import { environmentOf } from './environment.ts'

const BIN = fileURLToPath(new URL('../../../packages/cli/bin/run.js', import.meta.url))
const run = promisify(execFile)

test('a repository moves from S3 to Google Cloud Storage, with all its clones', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lsync-from-s3-'))
  const s3 = await startFaultyS3({ buckets: ['old'] })
  const gcs = await startFaultyGcs({ buckets: ['new'] })
  const lsync = async (...args: readonly string[]): Promise<string> => {
    const { stdout } = await run(process.execPath, [BIN, ...args], {
      cwd: folder,
      env: environmentOf(folder, {
        AWS_ENDPOINT_URL_S3: s3.endpoint,
        AWS_ACCESS_KEY_ID: s3.accessKey,
        AWS_SECRET_ACCESS_KEY: s3.secretKey,
        AWS_REGION: 'us-east-1',
        STORAGE_EMULATOR_HOST: gcs.endpoint,
      }),
    })
    return stdout
  }
  const totals = async (name: string): Promise<Record<string, unknown>> =>
    JSON.parse(await lsync('-C', name, 'sync', '--json')).totals
  const at = (...names: readonly string[]): string => join(folder, ...names)
  try {
    await lsync('init', 's3://old/notes', 'ann')
    mkdirSync(at('ann/d'))
    writeFileSync(at('ann/d/x.txt'), 'x')
    writeFileSync(at('ann/y.txt'), 'y')
    await lsync('-C', 'ann', 'sync')
    await lsync('clone', 's3://old/notes', 'bob')

    await lsync('-C', 'ann', 'config', 'set', 'remote', 'gs://new', '--allow', 'other-remote')
    expect(await totals('ann')).toMatchObject({ uploaded: { files: 2 }, removedLocally: 0 })
    await lsync('-C', 'ann', 'verify', '--deep')

    writeFileSync(at('bob/z.txt'), 'by bob')
    await lsync('-C', 'bob', 'config', 'set', 'remote', 'gs://new')
    expect(await totals('bob')).toMatchObject({
      uploaded: { files: 1 },
      removedLocally: 0,
      removedRemotely: 0,
    })
    expect(await totals('ann')).toMatchObject({ downloaded: { files: 1 } })
    expect(readFileSync(at('ann/z.txt'), 'utf8')).toBe('by bob')

    await lsync('clone', 'gs://new', 'carol')
    for (const [path, text] of [
      ['d/x.txt', 'x'],
      ['y.txt', 'y'],
      ['z.txt', 'by bob'],
    ] as const)
      expect(readFileSync(at('carol', path), 'utf8')).toBe(text)
  } finally {
    await Promise.all([s3.stop(), gcs.stop()])
    rmSync(folder, { recursive: true, force: true })
  }
})
