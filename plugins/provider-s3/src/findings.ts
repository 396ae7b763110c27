import type { ProbeFinding } from '@lsync/core/provider'
import { clockFinding } from '@lsync/http'

/** What the probe saw. */
export interface Found {
  readonly create: boolean
  readonly replace: boolean
  /** Of several writes at once under one condition, no two were seen to be taken. */
  readonly oneStep: boolean
  readonly remove: boolean
  /** The condition of a removal and the removal are known to be one step, by the word of whoever makes the store. */
  readonly removeVouched: boolean
  /** Tombstones can be told by their ETags. */
  readonly tombstones: boolean
  /** The credentials may delete. */
  readonly deletes: boolean
  readonly commit: boolean
  /** A part is copied only from the version that was named. */
  readonly copySource: boolean
  /** Bytes that are not what was announced are refused. */
  readonly checksums: boolean
  readonly folders: boolean
  /** Listings are in the order of the keys' bytes, and begin behind a key where they are asked to. */
  readonly ordered: boolean
  /** Listings of several answers show each key once. */
  readonly complete: boolean
  readonly versioning: boolean
  /** The store's clock minus ours, in milliseconds; not a number if it does not tell. */
  readonly skew: number
}

/** In words for a person: what was found and what follows from it. */
export function findingsOf(found: Found): readonly ProbeFinding[] {
  return [
    writes(found),
    removes(found),
    {
      check: 'conditional-uploads',
      ok: true,
      message: found.commit
        ? 'Large files go up in parts, and the last step keeps its condition: what another client wrote meanwhile is not overwritten.'
        : 'The last step of an upload in parts keeps no condition here: files up to 5 GB go up in one piece instead, which starts over when it is interrupted.',
    },
    {
      check: 'copies',
      ok: true,
      message:
        found.commit && found.copySource
          ? 'Files that were moved are copied within the store, without being sent again.'
          : 'Copies within the store keep no conditions here: files that were moved are sent again.',
    },
    {
      check: 'checksums',
      ok: found.checksums,
      message: found.checksums
        ? 'Bytes that were damaged on the way are refused.'
        : 'The store took bytes that were not what was announced: damage on the way would go unnoticed.',
    },
    {
      check: 'folders',
      ok: true,
      message: found.folders
        ? 'Empty folders are kept.'
        : 'This store does not list empty folders: they are not synced.',
    },
    {
      check: 'listing-order',
      ok: found.complete,
      message: !found.complete
        ? 'Listings of several answers leave objects out, or show them twice. Files would be taken for removed, so lsync does not sync with it.'
        : found.ordered
          ? 'Listings are in order.'
          : 'Listings are in an order of its own: lsync sorts them, which takes some 300 bytes of memory for each file.',
    },
    {
      check: 'versioning',
      ok: true,
      message: found.versioning
        ? 'The bucket keeps earlier versions: what is overwritten or removed can be had back from it.'
        : 'The bucket keeps no earlier versions: turning versioning on protects against other tools.',
    },
    clockFinding(found.skew),
  ]
}

function writes({ create, replace, oneStep }: Found): ProbeFinding {
  if (create && replace && !oneStep)
    return {
      check: 'conditional-writes',
      ok: false,
      message:
        'The store looks at the condition of a write, but not in one step with it: of several clients that write one file in the same moment, more than one was told that it won, and what the others wrote is lost on the remote. Let only one client sync at a time, or turn on versioning.',
    }
  return {
    check: 'conditional-writes',
    ok: create && replace,
    message:
      create && replace
        ? 'Writes keep their conditions: of two clients that change one file at once, one wins and the other has a conflict.'
        : create
          ? 'Writes over an existing object keep no conditions here: lsync looks just before it writes, but two clients that change one file in the same moment can lose one of the two changes on the remote. Let only one client sync at a time, or turn on versioning.'
          : 'Writes keep no conditions here: lsync looks just before it writes, but two clients that write one file in the same moment can lose one of the two on the remote. Let only one client sync at a time, or turn on versioning.',
  }
}

function removes(found: Found): ProbeFinding {
  const { remove, removeVouched, replace, oneStep, tombstones, deletes } = found
  const check = 'conditional-removes'
  if (!deletes)
    return {
      check,
      ok: false,
      message:
        'The credentials may not delete: files that are removed here stay on the remote, and objects of this probe, too.',
    }
  if (remove && removeVouched)
    return {
      check,
      ok: true,
      message: 'Removals keep their conditions: what another client changed is not removed.',
    }
  return replace && oneStep && tombstones
    ? {
        check,
        ok: true,
        message: remove
          ? 'The store looks at the condition of a removal, but nobody knows if it does both in one step: lsync claims each one by a small object first, which other clients of lsync respect.'
          : 'Removals keep no conditions here: lsync claims each one by a small object first, which other clients of lsync respect.',
      }
    : {
        check,
        ok: false,
        message:
          'Removals keep no sure conditions here and cannot be claimed: a file that another client changes in the moment of its removal can be lost on the remote. Turn on versioning.',
      }
}
