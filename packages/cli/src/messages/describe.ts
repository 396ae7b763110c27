import { DiskError, isStorageError, LsyncError } from '@lsync/core'
import { escapeName } from '../render/escape.ts'
import { EXIT, type Facts, LSYNC_ERRORS, STORAGE_ERRORS } from './table.ts'

/** A failure in words. */
export interface Described {
  readonly code: string
  readonly message: string
  readonly hint?: string
  readonly exit: number
}

/** The one way from an error to what a person reads and a script gets. */
export function describe(error: unknown): Described {
  if (error instanceof LsyncError) {
    const { sentence, hint, exit } = LSYNC_ERRORS[error.code]
    const facts = escaped(error.facts)
    return {
      code: error.code,
      message: sentence(facts),
      exit,
      ...(hint === undefined ? {} : { hint: hint(facts) }),
    }
  }
  if (isStorageError(error)) {
    const { sentence, hint, exit } = STORAGE_ERRORS[error.code]
    const facts = escaped({
      message: error.detail === undefined ? error.message : `${error.message} (${error.detail})`,
    })
    return {
      code: error.code,
      message: sentence(facts),
      exit,
      ...(hint === undefined ? {} : { hint: hint(facts) }),
    }
  }
  if (error instanceof DiskError)
    return {
      code: `disk-${error.code}`,
      message: `${escapeName(error.path) || 'The folder'}: ${escapeName(error.message)}`,
      hint:
        error.code === 'no-space'
          ? 'Make room on this disk and run lsync again.'
          : 'Check the disk and the permissions.',
      exit: EXIT.problems,
    }
  return {
    code: 'bug',
    message: `This is a bug in lsync: ${escapeName(error instanceof Error ? error.message : String(error))}`,
    hint: 'Please report it; LSYNC_DEBUG=1 shows where it happened. Nothing was lost: every effect is recorded after it happened.',
    exit: EXIT.bug,
  }
}

function escaped(facts: Readonly<Record<string, string | number>>): Facts {
  return Object.fromEntries(
    Object.entries(facts).map(([key, value]) => [
      key,
      typeof value === 'string' ? escapeName(value) : value,
    ]),
  )
}
