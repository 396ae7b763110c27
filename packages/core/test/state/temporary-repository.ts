import fs from 'node:fs'
import { nodeDisk } from '../../src/disk/node-disk.ts'
import { nodeWorld } from '../../src/disk/node-world.ts'
import { LSYNC } from '../../src/state/layout.ts'
import { openState } from '../../src/state/open-state.ts'
import type { Intent } from '../../src/state/state.ts'
import { temporaryDisk } from '../disk/temporary.ts'

const world = nodeWorld()

export function temporaryRepository(): {
  readonly root: string
  readonly open: ReturnType<typeof opener>
} {
  const { root } = temporaryDisk()
  fs.mkdirSync(`${root}/${LSYNC}`)
  return { root, open: opener(root) }
}

function opener(root: string) {
  return () => openState(nodeDisk(root), world, 2)
}

export const intent = (path: string): Intent => ({
  path,
  trash: `.lsync/trash/${path}`,
})
