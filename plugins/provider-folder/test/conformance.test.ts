import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { conformance } from '@lsync/conformance'
import { afterAll, test } from 'vitest'
import folder from '../src/index.ts'

const root = mkdtempSync(join(tmpdir(), 'lsync-folder-'))
afterAll(() => {
  rmSync(root, { recursive: true, force: true })
})

conformance(test, {
  name: 'folder',
  open: () =>
    folder.open(`file://${root}`, {
      signal: new AbortController().signal,
      settings: {},
      environment: {},
      concurrency: 8,
    }),
})
