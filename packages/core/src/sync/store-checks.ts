import { compareKeys, isStorageError } from '../provider/index.ts'
import {
  ABSENT,
  differenceOf,
  get,
  keysOf,
  list,
  pattern,
  put,
  race,
  refused,
  same,
  type Scene,
  versionOf,
  WRITERS,
} from './check-scene.ts'

/** One promise of the contract, tried on a store that is in use. */
export interface StoreCheck {
  /** Short and stable, for scripts. */
  readonly check: string
  /** What follows where it does not hold; a sentence. */
  readonly consequence: string
  /** A sentence for what holds, or `seen`: what was seen instead. */
  readonly run: (scene: Scene) => Promise<string | { readonly seen: string }>
}

/** Signatures are refused beyond a quarter of an hour; times of files look wrong much earlier. */
const LARGEST_SKEW = 60_000
const ROUNDS = 3
const NAMES = [
  'a b',
  ' lead',
  'trail ',
  'a+b',
  'a%20b',
  'a#b',
  'a?b',
  'a&b=c',
  'a:b',
  'a\\b',
  "a'b",
  '~$a',
  'é',
  'é',
  '日本語',
  '👩‍💻',
  'Ａ',
  'a.',
  '...',
  'Case',
  'case',
]

export const STORE_CHECKS: readonly StoreCheck[] = [
  {
    check: 'content',
    consequence: 'Do not keep files there.',
    async run(scene) {
      for (const size of [0, 1, 70_000]) {
        const bytes = pattern(size)
        await put(scene, `content-${size}`, bytes)
        const back = await get(scene, `content-${size}`)
        if (!back.equals(bytes))
          return {
            seen: `What was written (${size} bytes) came back different (${back.length} bytes).`,
          }
      }
      return 'Files come back byte for byte.'
    },
  },
  {
    check: 'ranges',
    consequence: 'Large files, and downloads that were interrupted, cannot be fetched from it.',
    async run(scene) {
      const bytes = pattern(50_000)
      await put(scene, 'ranges', bytes)
      for (const [from, length] of [
        [0, 1],
        [49_999, 1],
        [12_345, 6789],
        [40_000, undefined],
      ] as const) {
        const back = await get(scene, 'ranges', from, length)
        if (!back.equals(bytes.subarray(from, length === undefined ? undefined : from + length)))
          return { seen: `Other bytes came than those from ${from} on.` }
      }
      return 'Parts of a file can be read: a download goes on where it was interrupted.'
    },
  },
  {
    check: 'listing',
    consequence: 'lsync would take files for removed: do not sync with it.',
    async run(scene) {
      const { provider, signal, scratch } = scene
      const names = ['B', 'a', 'a-b', 'b-', 'b/c', 'b/d/e', 'b0', 'c', 'z/'].filter(
        (name) => provider.listsFolders || !name.endsWith('/'),
      )
      await Promise.all(names.map((name) => put(scene, name, '')))
      const wanted = names.map((name) => scratch + name).toSorted(compareKeys)
      const whole = await list(scene, { prefix: scratch })
      if (!same(keysOf(whole), wanted))
        return { seen: differenceOf(keysOf(whole), wanted, 'A listing') }
      const [after, before] = [`${scratch}a-b`, `${scratch}b0`]
      const part = await list(scene, { prefix: scratch, after, before })
      if (!same(keysOf(part), wanted.slice(wanted.indexOf(after) + 1, wanted.indexOf(before))))
        return { seen: 'A listing of a range of keys gave others.' }
      const headed = await provider.head(`${scratch}a`, { signal })
      const listed = whole.find(({ key }) => key === `${scratch}a`)
      if (headed?.version !== listed?.version || headed?.fingerprint !== listed?.fingerprint)
        return { seen: 'A listing shows another version than the object itself.' }
      return 'A listing shows at once all that was written, in order.'
    },
  },
  {
    check: 'concurrent-writes',
    consequence:
      'Two clients that write one file in the same moment can lose one of the two on the remote: let only one client sync at a time, or turn on versioning.',
    async run(scene) {
      const { create, replace } = scene.provider.guarantees
      if (create !== 'atomic' || replace !== 'atomic')
        return { seen: 'The provider looks just before it writes, which is not one step.' }
      for (let round = 0; round < ROUNDS; round++) {
        const name = `race-${round}`
        const created = await race(scene, name, ABSENT)
        if (typeof created === 'string')
          return { seen: `Of ${WRITERS} creates at once ${created}.` }
        const replaced = await race(scene, name, versionOf(created))
        if (typeof replaced === 'string')
          return { seen: `Of ${WRITERS} replacements at once ${replaced}.` }
      }
      return 'Of several clients that write one file at once, one wins, and the others are told.'
    },
  },
  {
    check: 'conditions',
    consequence:
      'What another client changed would be overwritten or removed: do not sync with it.',
    async run(scene) {
      const { provider, signal, scratch } = scene
      const key = `${scratch}conditions`
      const first = await put(scene, 'conditions', 'one')
      const second = await put(scene, 'conditions', 'two', versionOf(first))
      const remove = (version: string): Promise<void> =>
        provider.remove(key, { signal, expect: version })
      if (!(await refused(() => put(scene, 'conditions', 'three', versionOf(first)))))
        return { seen: 'A replacement of an old version was taken.' }
      if (!(await refused(() => put(scene, 'conditions', 'four'))))
        return { seen: 'A create was taken where something was.' }
      if (!(await refused(() => remove(first.version))))
        return { seen: 'A removal of an old version was taken.' }
      await remove(second.version)
      if ((await provider.head(key, { signal })) !== undefined)
        return { seen: 'What was removed is still there.' }
      return 'Nothing is overwritten or removed that somebody else changed.'
    },
  },
  {
    check: 'metadata',
    consequence: 'Times, the executable bit or authors of files get lost on the way.',
    async run(scene) {
      const user = { mtime: '1700000000.123456789', executable: 'true', author: 'Zoë 日本 "q" %41' }
      await put(scene, 'metadata', 'x', ABSENT, { user, contentType: 'text/plain' })
      const headed = await scene.provider.head(`${scene.scratch}metadata`, { signal: scene.signal })
      const lost = Object.entries(user).filter(
        ([name, value]) => headed?.metadata?.user[name] !== value,
      )
      return lost.length === 0
        ? 'Times, the executable bit and authors are kept.'
        : { seen: `Metadata came back changed: ${lost.map(([name]) => name).join(', ')}.` }
    },
  },
  {
    check: 'names',
    consequence: 'Files of such names would be mixed up: rename them before you sync.',
    async run(scene) {
      const kept: string[] = []
      const without: string[] = []
      for (const [index, name] of NAMES.entries())
        try {
          await put(scene, name, `${index}`)
          kept.push(name)
        } catch (error) {
          if (!isStorageError(error) || !REFUSALS.has(error.code)) throw error
          without.push(name)
        }
      for (const name of kept)
        if ((await get(scene, name)).toString() !== `${NAMES.indexOf(name)}`)
          return { seen: `The name ${JSON.stringify(name)} holds the content of another.` }
      const wanted = kept.map((name) => scene.scratch + name).toSorted(compareKeys)
      const found = keysOf(await list(scene, { prefix: scene.scratch }))
      if (!same(found, wanted))
        return { seen: differenceOf(found, wanted, 'A listing of odd names') }
      return without.length === 0
        ? 'Odd names (spaces, signs, other scripts) are kept as they are.'
        : `${without.length} of ${NAMES.length} odd names are refused, ${JSON.stringify(without[0])} for one: files of such names stay here, and each is reported.`
    },
  },
  {
    check: 'folders',
    consequence: 'Empty folders are not synced.',
    async run(scene) {
      if (!scene.provider.listsFolders)
        return 'Empty folders are unknown to this store: they are not synced.'
      await put(scene, 'empty/', '')
      const found = keysOf(await list(scene, { prefix: scene.scratch }))
      return same(found, [`${scene.scratch}empty/`])
        ? 'Empty folders are kept.'
        : { seen: 'An empty folder was written, and is not listed.' }
    },
  },
  {
    check: 'clock',
    consequence: 'Set it: signatures and times of files depend on it.',
    async run(scene) {
      const before = scene.world.now()
      const { modified } = await put(scene, 'clock', 'x')
      const after = scene.world.now()
      // Stores cut times to seconds.
      const skew = Math.max(before - 1000 - modified, modified - after, 0)
      return skew > LARGEST_SKEW
        ? {
            seen: `This computer's clock is ${Math.round(skew / 1000)} s ${modified < before ? 'ahead of' : 'behind'} the store's.`,
          }
        : "This computer's clock agrees with the store's."
    },
  },
  {
    check: 'versioning',
    consequence: '',
    async run(scene) {
      const { historyId } = await put(scene, 'versioning', 'x')
      return historyId !== undefined || scene.provider.history !== undefined
        ? 'The store keeps earlier versions: what is overwritten or removed can be had back from it.'
        : 'The store keeps no earlier versions that lsync could reach.'
    },
  },
]

/** How a store may say that it cannot keep a name; the last one where the name of another stands for it. */
const REFUSALS: ReadonlySet<string> = new Set(['bad-key', 'key-conflict', 'precondition-failed'])
