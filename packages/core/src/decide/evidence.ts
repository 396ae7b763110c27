import { executableHere } from './executable-bit.ts'
import type { BaseEntry, LocalEntry, RemoteEntry } from '../model/entry.ts'
import { type DigestAlgorithm, type Digests, type ObjectMetadata } from '../provider/index.ts'
import type { Joined } from './join.ts'
import { localUnchanged, remoteUnchanged } from './unchanged.ts'

/** How a side's content stands to the base. `new` and `none` where there is no base. */
export type Change = 'unchanged' | 'changed' | 'removed' | 'new' | 'none'

/** A joined row with all that a decision needs. */
export interface Judged {
  readonly joined: Joined
  readonly local: Change
  readonly remote: Change
  /** The content of the two sides is the same now. Meaningful only where both are present. */
  readonly equal: boolean
  /** Of the local content, where it was hashed or is known from the base. */
  readonly sha256?: string
  /** Of the remote object, where it was asked for. */
  readonly metadata?: ObjectMetadata
}

/** What was found out about a row beyond the two listings. */
export interface Evidence {
  readonly local?: Digests
  /** The remote object looked at again, with metadata. Not there if it is gone by now, and if nobody asked. */
  readonly remote?: RemoteEntry
  /** sha256 of the remote content, read in full since nothing else could tell. */
  readonly remoteSha256?: string
}

/** What must be found out before the row can be decided. */
export interface Needs {
  /** Algorithms to compute of the local file; empty = it need not be read. */
  readonly hash: readonly DigestAlgorithm[]
  readonly head: boolean
}

const NOTHING: Needs = { hash: [], head: false }

/**
 * The evidence worth its cost: nothing where one side alone settles the row, digests where equal content would spare a transfer or a question.
 */
export function needsOf(row: Joined): Needs {
  const { base, local, remote } = row
  // Removed here: only a remote edit keeps it alive, so that must be a fact, too.
  if (local.state === 'absent') return { hash: [], head: isDoubtful(base, remote) }
  if (local.state !== 'present' || local.entry.type === 'folder') return NOTHING
  const localSame = base !== undefined && localUnchanged(base, local.entry)
  const size = local.entry.stat.size
  if (remote.state !== 'present') {
    // Removed there: only a local edit keeps it alive, so the edit must be a fact.
    const doubtful = base !== undefined && !localSame && base.size === size
    return { hash: doubtful ? ['sha256'] : [], head: false }
  }
  const remoteSame = base !== undefined && remoteUnchanged(base, remote.entry)
  if (base !== undefined && localSame)
    return { hash: [], head: !remoteSame && contentSize(base) === remote.entry.size }
  if (base !== undefined && remoteSame)
    return { hash: base.size === size ? ['sha256'] : [], head: false }
  // Both changed, or both are new.
  if (size !== remote.entry.size && (base === undefined || base.size !== size))
    return { hash: [], head: true }
  return { hash: ['sha256', ...comparable(remote.entry.digests)], head: true }
}

/** Its tokens moved, and neither its size nor a digest tells whether its bytes did. */
function isDoubtful(base: Joined['base'], remote: Joined['remote']): boolean {
  if (base === undefined || base.type === 'folder' || remote.state !== 'present') return false
  const { entry } = remote
  return (
    !remoteUnchanged(base, entry) &&
    contentSize(base) === entry.size &&
    sameContent({ ...base.remote.digests, sha256: base.sha256 }, entry.digests) === undefined
  )
}

/** The algorithms besides sha256 that a listing already gives and that we can compute. */
export function comparable(digests: Digests): readonly DigestAlgorithm[] {
  return (Object.keys(digests) as DigestAlgorithm[]).filter(
    (algorithm) => algorithm === 'md5' || algorithm.startsWith('md5/'),
  )
}

function contentSize(base: BaseEntry): number {
  return base.remote.size ?? base.size
}

/** True if only reading the remote content can tell whether both sides hold the same. */
export function mustReadRemote(row: Joined, evidence: Evidence): boolean {
  const { base, local, remote } = row
  if (local.state !== 'present' || remote.state !== 'present') return false
  if (local.entry.type === 'folder' || evidence.local?.sha256 === undefined) return false
  // The base has its digest. (A file that was saved or sent just now is hashed again: that must not fetch it, too.)
  if (base !== undefined && remoteUnchanged(base, remote.entry)) return false
  const now = evidence.remote ?? remote.entry
  if (now.size !== local.entry.stat.size) return false
  return (
    sameContent(evidence.local, now.digests) === undefined && evidence.remoteSha256 === undefined
  )
}

/** True or false where the digests prove it, undefined where they cannot. */
export function sameContent(a: Digests, b: Digests): boolean | undefined {
  if (a.sha256 !== undefined && b.sha256 !== undefined) return a.sha256 === b.sha256
  for (const algorithm of comparable(a)) if (a[algorithm] === b[algorithm]) return true
  return undefined
}

/** Puts a row and its evidence together. */
export function judge(row: Joined, evidence: Evidence): Judged {
  const { base } = row
  const remoteNow = evidence.remote
  const joined: Joined =
    remoteNow === undefined || row.remote.state !== 'present'
      ? row
      : { ...row, remote: { state: 'present', entry: remoteNow } }
  const local = localChange(row, evidence)
  const remote = remoteChange(joined, evidence)
  const sha256 =
    evidence.local?.sha256 ??
    (local === 'unchanged' && base !== undefined ? base.sha256 : undefined)
  const metadata = remoteNow?.metadata
  return {
    joined,
    local,
    remote,
    equal: equalNow(joined, evidence, local, remote),
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(metadata === undefined ? {} : { metadata }),
  }
}

function localChange({ base, local }: Joined, evidence: Evidence): Change {
  if (local.state !== 'present') return base === undefined ? 'none' : 'removed'
  if (base === undefined) return 'new'
  if (base.type !== local.entry.type) return 'changed'
  if (sameFile(base, local.entry)) return 'unchanged'
  if (base.size !== local.entry.stat.size) return 'changed'
  return evidence.local?.sha256 === base.sha256 ? 'unchanged' : 'changed'
}

/** As `localUnchanged`, but the executable bit aside: that is no content. */
function sameFile(base: BaseEntry, local: LocalEntry): boolean {
  return localUnchanged({ ...base, executable: executableHere(local, base) }, local)
}

function remoteChange({ base, remote }: Joined, evidence: Evidence): Change {
  if (remote.state !== 'present') return base === undefined ? 'none' : 'removed'
  if (base === undefined) return 'new'
  if (remoteUnchanged(base, remote.entry)) return 'unchanged'
  if (base.type === 'folder') return 'unchanged'
  // A file became a link that points to what it said, or the reverse.
  const metadata = evidence.remote?.metadata
  if (metadata !== undefined && isLink(metadata) !== (base.type === 'link')) return 'changed'
  // Equal tokens mean equal bytes: only metadata moved.
  if (base.remote.version === remote.entry.version) return 'unchanged'
  if (contentSize(base) !== remote.entry.size) return 'changed'
  if (evidence.remoteSha256 !== undefined)
    return evidence.remoteSha256 === base.sha256 ? 'unchanged' : 'changed'
  const known: Digests = { ...base.remote.digests, sha256: base.sha256 }
  return sameContent(known, remote.entry.digests) === true ? 'unchanged' : 'changed'
}

function equalNow(
  { base, local, remote }: Joined,
  evidence: Evidence,
  here: Change,
  there: Change,
): boolean {
  if (local.state !== 'present' || remote.state !== 'present') return false
  if (local.entry.type === 'folder') return true
  if (base !== undefined && here === 'unchanged' && there === 'unchanged') return true
  // A link's object holds its target; it is never the same as a file.
  if (isLink(evidence.remote?.metadata) !== (local.entry.type === 'link')) return false
  if (local.entry.stat.size !== remote.entry.size || evidence.local === undefined) return false
  if (evidence.remoteSha256 !== undefined) return evidence.remoteSha256 === evidence.local.sha256
  return sameContent(evidence.local, remote.entry.digests) === true
}

export function isLink(metadata: ObjectMetadata | undefined): boolean {
  return metadata?.user['type'] === 'link'
}
