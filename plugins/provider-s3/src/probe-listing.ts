import { compareKeys, isStorageError } from '@lsync/core/provider'
import { ODD } from './attempts.ts'
import { ABSENT, type ProbeScene } from './probe-scene.ts'

/**
 * An empty folder is an object of its own: made while a file lies in it, it is still there when that is gone. Behind some servers is a file tree, in
 * which a folder is there as soon as a file lies in it, and goes with the last one.
 */
export function keepsFolders(scene: ProbeScene): Promise<boolean> {
  const looks = async (): Promise<boolean> => {
    const folder = `${scene.scratch}folder/`
    const file = `${folder}file`
    await scene.put(file, 'x', ABSENT)
    await scene.put(folder, '', ABSENT)
    await scene.delete(file)
    return (await scene.listed(folder)).includes(folder)
  }
  return scene.step(() => where(looks), false)
}

export interface Listings {
  /** In the order of the keys' bytes, and from behind a key where they are asked to. */
  readonly ordered: boolean
  /** Each key once, also over several answers. */
  readonly complete: boolean
}

/** Of which a walk through folders, an order of a language, and one of UTF-16 would each make another row than their bytes do. */
const NAMES = ['C', '_', 'a', 'a.b', 'b.c', 'b/c', 'd\u{ff08}', 'd\u{1f600}']

/** Where it fails each time, nothing is known of the order; but what does not come leaves nothing out. */
export function listings(scene: ProbeScene): Promise<Listings> {
  return scene.step(() => listingsNow(scene), { ordered: false, complete: true })
}

async function listingsNow(scene: ProbeScene): Promise<Listings> {
  let complete = true
  const ordered = await where(async () => {
    const folder = `${scene.scratch}order/`
    const keys = NAMES.map((name) => folder + name)
    const after = `${folder}b.c`
    for (const key of keys) await scene.put(key, 'x', ABSENT)
    const all = await scene.listed(folder)
    // Until the contrary is seen: an answer that is refused as none is not whole, either.
    complete = false
    const paged = await scene.listed(folder, { page: '2' })
    const rest = await scene.listed(folder, { after })
    const behind = keys.filter((key) => compareKeys(key, after) > 0)
    complete = [all, paged].every((some) => String(some.toSorted(compareKeys)) === String(keys))
    return String(all) === String(keys) && String(rest) === String(behind)
  })
  return { ordered, complete }
}

/** By which servers say that they keep no such object. */
const NOT_KEPT: ReadonlySet<string> = new Set([
  ...ODD,
  'bad-key',
  'key-conflict',
  'precondition-failed',
])

/** False also where the store keeps no such objects. */
async function where(looks: () => Promise<boolean>): Promise<boolean> {
  try {
    return await looks()
  } catch (error) {
    if (isStorageError(error) && NOT_KEPT.has(error.code)) return false
    throw error
  }
}
