import type { World } from '../disk/world.ts'
import {
  type CallOptions,
  isStorageError,
  type ProbeFinding,
  type StorageErrorCode,
  type StorageProvider,
} from '../provider/index.ts'
import { SCRATCH_PREFIX } from '../state/layout.ts'
import type { Scene } from './check-scene.ts'
import { textSource } from './small-object.ts'
import { STORE_CHECKS } from './store-checks.ts'

/** After these nothing can be said of the store: they end the command. */
const ENDS: ReadonlySet<StorageErrorCode> = new Set([
  'unauthenticated',
  'no-remote',
  'network',
  'server',
  'throttled',
  'busy',
])
/** Leftovers of a check that died; a check that is under way is younger. */
const STALE = 60 * 60 * 1000
const CLEAN_UP_WITHIN = 30_000

/**
 * Tries through the contract alone, so for any provider, what lsync rests on: in a store that is in use, below a scratch prefix of its own that
 * is empty again at the end, however that comes. `told` are checks that the provider's own probe has spoken about.
 */
export async function checkStore(
  provider: StorageProvider,
  world: World,
  told: ReadonlySet<string>,
  { signal }: CallOptions,
): Promise<readonly ProbeFinding[]> {
  const findings: ProbeFinding[] = []
  const top = `${SCRATCH_PREFIX}${world.token()}/`
  let left = 0
  try {
    const access = await accessOf(provider, top, signal)
    findings.push(access.finding)
    if (access.writes)
      for (const { check, consequence, run } of STORE_CHECKS) {
        if (told.has(check)) continue
        const scene: Scene = { provider, scratch: `${top}${check}/`, signal, world }
        const seen = await run(scene).catch((error: unknown) => {
          signal.throwIfAborted()
          if (!isStorageError(error) || ENDS.has(error.code)) throw error
          return { seen: `The store refused: ${error.message} (${error.code}).` }
        })
        findings.push(
          typeof seen === 'string'
            ? { check, ok: true, message: seen }
            : { check, ok: false, message: `${seen.seen} ${consequence}`.trim() },
        )
      }
  } finally {
    left = await cleanUp(provider, top, world)
  }
  if (left > 0)
    findings.push({
      check: 'scratch',
      ok: false,
      message: `${left} objects of this check could not be removed: they stay below ${SCRATCH_PREFIX} on the remote, where syncs do not look. Remove them with the store's own tools.`,
    })
  return findings
}

/** What the credentials may do, step by step. */
async function accessOf(
  provider: StorageProvider,
  top: string,
  signal: AbortSignal,
): Promise<{ readonly finding: ProbeFinding; readonly writes: boolean }> {
  const key = `${top}access`
  const may = async (operation: () => Promise<unknown>): Promise<boolean> => {
    try {
      await operation()
      return true
    } catch (error) {
      if (isStorageError(error) && error.code === 'forbidden') return false
      throw error
    }
  }
  const not = (what: string, follows: string, writes: boolean) => ({
    writes,
    finding: {
      check: 'access',
      ok: false,
      message: `The credentials may not ${what}: ${follows}.`,
    },
  })
  const list = async (): Promise<void> => {
    for await (const _ of provider.list({ prefix: top }, { signal })) void _
  }
  try {
    if (!(await may(list))) return not('list', 'nothing can be synced', false)
  } catch (error) {
    // Of a store that was seen to list what is not so: a finding, as it is a provider's that refuses to believe it.
    if (!isStorageError(error) || error.code !== 'unexpected') throw error
    const message = `The listings cannot be relied on: ${error.message}. Nothing can be synced.`
    return { writes: false, finding: { check: 'access', ok: false, message } }
  }
  let version = ''
  const write = async (): Promise<void> => {
    const source = textSource('access')
    const options = { signal, expect: { kind: 'absent' }, metadata: { user: {} } } as const
    ;({ version } = await provider.write(key, source, options))
  }
  if (!(await may(write))) return not('write', 'this repository can only pull', false)
  const read = async (): Promise<void> => {
    for await (const _ of (await provider.read(key, { signal })).body) void _
  }
  if (!(await may(read))) return not('read', 'nothing can be pulled', false)
  if (!(await may(() => provider.remove(key, { signal, expect: version }))))
    // More checks would only leave more behind.
    return not('delete', 'files that are removed here stay on the remote', false)
  return {
    writes: true,
    finding: {
      check: 'access',
      ok: true,
      message: 'The credentials are accepted: they may list, read, write and delete.',
    },
  }
}

/** Removes what this check made, and what others left behind that died; returns how many objects of this one stay. */
async function cleanUp(provider: StorageProvider, top: string, world: World): Promise<number> {
  // Not the caller's signal: what was made must go, also when the check was stopped.
  const options = { signal: AbortSignal.timeout(CLEAN_UP_WITHIN) }
  let left = 0
  try {
    for await (const page of provider.list({ prefix: SCRATCH_PREFIX }, options))
      for (const { key, version, modified } of page) {
        const own = key.startsWith(top)
        if (!own && world.now() - modified < STALE) continue
        const gone = await provider.remove(key, { ...options, expect: version }).then(
          () => true,
          (error: unknown) => isStorageError(error) && error.code === 'not-found',
        )
        if (own && !gone) left++
      }
  } catch {
    // It cannot be listed: what is there is not known, and the check itself has said why.
  }
  return left
}
