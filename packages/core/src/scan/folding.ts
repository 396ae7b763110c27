import type { World } from '../disk/clock.ts'
import { type Disk, DiskError } from '../disk/disk.ts'
import { type Folding, NO_FOLDING } from '../model/folding.ts'
import { STAGING } from '../state/layout.ts'

/** Finds out which names the repository's disk takes for one another, by a file in its staging folder. */
export async function probeFolding(disk: Disk, world: World): Promise<Folding> {
  const start = `names-${world.token()}`
  const name = `${start}-a\u{e9}`
  const path = `${STAGING}/${name}`
  try {
    await (await disk.create(path))[Symbol.asyncDispose]()
  } catch (error) {
    // A disk that cannot be written: nothing arrives there.
    if (error instanceof DiskError) return NO_FOLDING
    throw error
  }
  try {
    const answers = async (end: string): Promise<boolean> =>
      (await disk.stat(`${STAGING}/${start}-${end}`)) !== undefined
    return {
      case: await answers('A\u{e9}'),
      form: await answers('ae\u{301}'),
      rewrites: !(await disk.list(STAGING)).some((item) => item.name === name),
    }
  } finally {
    await disk.remove(path)
  }
}
