import { existsSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bytesSource } from '@lsync/core/provider'
import { expect, onTestFinished, test } from 'vitest'
import folder from '../src/index.ts'

const signal = new AbortController().signal

test('an empty folder that another tool removed, or a power cut undid, can be made anew', async () => {
  const root = mkdtempSync(join(tmpdir(), 'lsync-left-marks-'))
  const options = { signal, settings: {}, environment: {}, concurrency: 2, create: true }
  await using remote = await folder.open(`file://${root}`, options)
  onTestFinished(() => {
    rmSync(root, { recursive: true, force: true })
  })
  const write = (): Promise<unknown> =>
    remote.write('outer/empty/', bytesSource(new Uint8Array()), {
      expect: { kind: 'absent' },
      metadata: { user: {} },
      signal,
    })
  await write()
  await expect(write()).rejects.toMatchObject({ code: 'precondition-failed' })
  rmdirSync(join(root, 'outer/empty'))
  expect(await remote.head('outer/empty/', { signal })).toBeUndefined()
  await write()
  expect(existsSync(join(root, 'outer/empty'))).toBe(true)
  await expect(write()).rejects.toMatchObject({ code: 'precondition-failed' })
})
