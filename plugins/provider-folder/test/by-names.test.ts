import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { bytesSource } from '@lsync/core/provider'
import folder from '../src/index.ts'

/** For so long FUSE remembers what a file is. */
const REMEMBERED = 1_200

/** Mounted over a folder, by the names of files. */
function mounted(): string | undefined {
  const base = mkdtempSync(join(tmpdir(), 'lsync-by-names-'))
  const root = join(base, 'mounted')
  for (const name of ['real', 'mounted']) mkdirSync(join(base, name))
  onTestFinished(() => {
    spawnSync('fusermount', ['-u', root])
    rmSync(base, { recursive: true, force: true })
  })
  return spawnSync('bindfs', [join(base, 'real'), root]).status === 0 ? root : undefined
}

test('what was written where a file is remembered by its names has the version that it has a second later (needs bindfs)', async (context) => {
  const root = mounted()
  if (root === undefined) context.skip()
  const { signal } = new AbortController()
  const remote = await folder.open(`file://${root}`, {
    signal,
    settings: {},
    environment: {},
    concurrency: 2,
    create: true,
  })
  const options = { signal, metadata: { user: {} } }
  const source = bytesSource(Buffer.from('bytes'))
  const { version } = await remote.write('new', source, {
    ...options,
    expect: { kind: 'absent' },
  })
  const replaced = await remote.write('new', source, {
    ...options,
    expect: { kind: 'version', version },
  })
  await after(REMEMBERED)
  expect((await remote.head('new', { signal }))?.version).toBe(replaced.version)
  const other = await remote.write('other', source, { ...options, expect: { kind: 'absent' } })
  await after(REMEMBERED)
  expect(await remote.head('other', { signal })).toMatchObject({
    version: other.version,
    digests: other.digests,
  })
})
