import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import type { Disk } from '../../src/disk/disk.ts'
import { nodeDisk } from '../../src/disk/node-disk.ts'

export interface TemporaryDisk {
  readonly root: string
  readonly disk: Disk
}

/** A disk on a folder of its own, gone when the test ends. */
export function temporaryDisk(): TemporaryDisk {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'lsync-disk-'))
  onTestFinished(() => fs.rmSync(root, { recursive: true, force: true }))
  return { root, disk: nodeDisk(root) }
}
