import type { ProbeFinding } from '@lsync/core/provider'
import { clockFinding } from '@lsync/http'
import type { BucketFacts } from './client.ts'

/** What the probe saw. */
export interface Found extends BucketFacts {
  readonly create: boolean
  readonly replace: boolean
  readonly remove: boolean
  /** The credentials may delete. */
  readonly deletes: boolean
  /** A copy keeps the conditions of both ends. */
  readonly copy: boolean
  /** An upload session tells how far it is, and ends under its condition. */
  readonly commit: boolean
  /** Bytes that are not what was announced are refused. */
  readonly checksums: boolean
  readonly folders: boolean
  /** The store's clock minus ours, in milliseconds; not a number if it does not tell. */
  readonly skew: number
}

/** In words for a person: what was found and what follows from it. */
export function findingsOf(found: Found): readonly ProbeFinding[] {
  const { create, replace, copy, commit, checksums, folders } = found
  return [
    {
      check: 'conditional-writes',
      ok: create && replace,
      message:
        create && replace
          ? 'Writes keep their conditions: of two clients that change one file at once, one wins and the other has a conflict.'
          : 'Writes keep no sure conditions here: lsync looks just before it writes, but two clients that write one file in the same moment can lose one of the two on the remote. Let only one client sync at a time.',
    },
    removes(found),
    {
      check: 'resumable-uploads',
      ok: true,
      message: commit
        ? 'Large files go up in parts, go on after an interruption, and keep their condition to the end.'
        : 'Upload sessions do not work as documented here: large files go up in one piece, which starts over when it is interrupted.',
    },
    {
      check: 'copies',
      ok: true,
      message: copy
        ? 'Files that were moved are copied within the store, without being sent again.'
        : 'Copies within the store keep no conditions here: files that were moved are sent again.',
    },
    {
      check: 'checksums',
      ok: checksums,
      message: checksums
        ? 'Bytes that were damaged on the way are refused.'
        : 'The store took bytes that were not what was announced: damage on the way would go unnoticed.',
    },
    {
      check: 'folders',
      ok: true,
      message: folders
        ? 'Empty folders are kept.'
        : 'This store does not list empty folders: they are not synced.',
    },
    versions(found),
    clockFinding(found.skew),
  ]
}

function removes({ remove, deletes }: Found): ProbeFinding {
  const check = 'conditional-removes'
  if (!deletes)
    return {
      check,
      ok: false,
      message:
        'The credentials may not delete: files that are removed here stay on the remote, and objects of this probe, too.',
    }
  return remove
    ? {
        check,
        ok: true,
        message: 'Removals keep their conditions: what another client changed is not removed.',
      }
    : {
        check,
        ok: false,
        message:
          'Removals keep no conditions here: lsync looks just before it removes, but a file that another client changes in that moment can be lost on the remote. Let only one client sync at a time.',
      }
}

function versions({ versioning, softDelete }: Found): ProbeFinding {
  const check = 'versioning'
  if (versioning === true)
    return {
      check,
      ok: true,
      message:
        'The bucket keeps earlier versions: what is overwritten or removed can be had back from it.',
    }
  const days = Math.floor((softDelete ?? 0) / 86_400)
  if (days > 0)
    return {
      check,
      ok: true,
      message: `The bucket keeps what is overwritten or removed for ${days} days (soft delete).`,
    }
  return {
    check,
    ok: true,
    message:
      versioning === undefined
        ? 'The credentials may not see if the bucket keeps earlier versions.'
        : 'The bucket keeps no earlier versions: turning versioning or soft delete on protects against other tools.',
  }
}
