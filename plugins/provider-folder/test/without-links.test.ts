import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { conformance } from '@lsync/conformance'
import { afterAll, test, vi } from 'vitest'
import folder from '../src/index.ts'

/** A file system like FAT: it knows neither hard links nor modes, and refuses both. */
vi.mock(import('node:fs'), async (original) => {
  const fs = await original()
  const refuse = (): never => {
    throw Object.assign(new Error('EPERM: operation not permitted'), { code: 'EPERM' })
  }
  return { ...fs, linkSync: refuse, chmodSync: refuse }
})

const root = mkdtempSync(join(tmpdir(), 'lsync-folder-'))
afterAll(() => {
  rmSync(root, { recursive: true, force: true })
})

conformance(test, {
  name: 'folder without hard links',
  open: () =>
    folder.open(`file://${root}`, {
      signal: new AbortController().signal,
      settings: {},
      environment: {},
      concurrency: 8,
    }),
})
