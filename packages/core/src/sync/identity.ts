import { parse, stringify } from 'yaml'
import type { Disk } from '../disk/disk.ts'
import type { World } from '../disk/world.ts'
import { LsyncError } from '../model/errors.ts'
import { formerIds } from '../model/former-ids.ts'
import type { Halt } from '../model/plan.ts'
import { isStorageError, StorageError, type StorageProvider } from '../provider/index.ts'
import { IDENTITY_KEY } from '../state/layout.ts'
import { readFormerIds } from '../state/remote-report.ts'
import type { State } from '../state/state.ts'
import type { RunOptions } from './api.ts'
import { readSmallObject, writeSmallObject } from './small-object.ts'

/** The format of what lies on the remote. A newer one is refused. */
export const REMOTE_FORMAT = 1
/** What this version understands of `requires`: nothing yet. */
const UNDERSTOOD: ReadonlySet<string> = new Set()

/** `.lsync/repository.yaml` on the remote: who the repository is, and what a client must understand to touch it. */
export interface Identity {
  readonly id: string
  readonly format: number
  readonly requires: readonly string[]
  /** Which places it was filled from, the nearest first: it is another one than they are, since a clone filled it, and may be at it still. */
  readonly was: readonly string[]
}

/** Undefined if the remote carries none. LsyncError `newer-format` or `unknown-requirement` where this version must keep its hands off. */
export async function readIdentity(
  provider: StorageProvider,
  signal: AbortSignal,
): Promise<Identity | undefined> {
  const found = await readSmallObject(provider, IDENTITY_KEY, signal)
  return found === undefined ? undefined : parseIdentity(found.text)
}

export function parseIdentity(text: string): Identity {
  let value: unknown
  try {
    value = parse(text)
  } catch {
    value = undefined
  }
  const { id, format, requires, was } = (value ?? {}) as Record<string, unknown>
  if (typeof id !== 'string' || id === '' || typeof format !== 'number')
    throw new StorageError('unexpected', `${IDENTITY_KEY} on the remote is damaged`, {
      key: IDENTITY_KEY,
    })
  if (format > REMOTE_FORMAT)
    throw new LsyncError('newer-format', `the remote has format ${format}`, {
      what: 'the remote',
      format,
      known: REMOTE_FORMAT,
    })
  const needed = Array.isArray(requires) ? requires.map(String) : []
  const unknown = needed.filter((name) => !UNDERSTOOD.has(name))
  if (unknown.length > 0)
    throw new LsyncError('unknown-requirement', `the remote requires ${unknown.join(', ')}`, {
      requires: unknown.join(', '),
    })
  return { id, format, requires: needed, was: formerIds(was) }
}

/** Writes an identity if there is none; returns the one that stands there in the end. */
export async function claimIdentity(
  provider: StorageProvider,
  { id, was }: Pick<Identity, 'id' | 'was'>,
  created: number,
  signal: AbortSignal,
): Promise<Identity> {
  const identity: Identity = { id, format: REMOTE_FORMAT, requires: [], was: formerIds(was) }
  const text = `# Made by lsync: what this remote is. Do not remove it while folders sync here.\n${stringify(
    {
      format: identity.format,
      id,
      created: new Date(created).toISOString(),
      requires: identity.requires,
      ...(identity.was.length === 0 ? {} : { was: identity.was }),
    },
  )}`
  try {
    await writeSmallObject(provider, IDENTITY_KEY, text, { expect: { kind: 'absent' }, signal })
    await provider.flush?.({ signal })
    return identity
  } catch (error) {
    if (!isStorageError(error) || error.code !== 'precondition-failed') throw error
  }
  const theirs = await readIdentity(provider, signal)
  if (theirs === undefined)
    throw new StorageError('busy', 'the remote is being set up or removed by somebody else')
  return theirs
}

/** The remote must be the one that this repository was made for; a remote that lost its identity counts as another one. */
export async function checkIdentity(
  context: {
    readonly disk: Disk
    readonly identity?: string
    readonly state: State
    readonly world: World
  },
  provider: StorageProvider,
  options: Pick<RunOptions, 'mode' | 'dryRun' | 'allow' | 'signal'>,
): Promise<Halt | undefined> {
  const { disk, identity, state, world } = context
  const found = await readIdentity(provider, options.signal)
  if (identity === undefined || found?.id === identity) return undefined
  const allowed = options.allow.includes('other-remote')
  const halt: Halt = {
    guard: 'other-remote',
    side: 'remote',
    affected: state.size,
    total: state.size,
  }
  if (found !== undefined || (state.size > 0 && !allowed)) return allowed ? undefined : halt
  if (options.dryRun || options.mode === 'pull') return undefined
  // A remote without identity, and nothing agreed with it yet (or the person says it is right): it becomes ours again, unless somebody else's was quicker.
  const own = { id: identity, was: await readFormerIds(disk, identity) }
  const { id } = await claimIdentity(provider, own, world.now(), options.signal)
  return id === identity ? undefined : halt
}
