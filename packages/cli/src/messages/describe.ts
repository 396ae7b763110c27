import {
  DiskError,
  type DiskErrorCode,
  firstFailure,
  isStorageError,
  LsyncError,
} from '@lsync/core'
import { escapeName } from '../render/escape.ts'
import { type Facts, LSYNC_ERRORS, type Message, STORAGE_ERRORS } from './errors.ts'
import { EXIT } from './exit.ts'

/** A failure in words, safe to print. */
export interface Described {
  readonly code: string
  readonly message: string
  readonly hint?: string
  readonly exit: number
}

const DISK_HINTS: Partial<Record<DiskErrorCode, string>> = {
  'no-space': 'Make room on this disk and run lsync again.',
  'too-large': 'The disk, or a limit of the system (ulimit -f), takes no file of that size.',
  forbidden: 'Check who may read and write it.',
  'read-only': 'lsync needs to write here; lsync status and lsync verify do not.',
  exists: 'Name another path, or move away what stands in its place.',
  'not-folder': 'A file stands in the place of a folder: name another path, or move it away.',
  'is-folder': 'A folder stands in the place of a file: name another path, or move it away.',
  'bad-name': 'This disk takes no such name: choose another one.',
}
/** `trash empty` needs a lock, and so room: what it would remove first is named. Not the whole trash: a run that died may have left there what it owes. */
const NO_ROOM =
  'Make room on this disk and run lsync again. If nothing else can go: the oldest folders in .lsync/trash, which hold what syncs replaced or removed here.'
/** Where the disk refuses these, nothing can be done here at all; else what was done is done. */
const REFUSED: ReadonlySet<DiskErrorCode> = new Set([
  'forbidden',
  'read-only',
  'not-folder',
  'is-folder',
  'bad-name',
])

/** The one way from an error to what a person reads and a script gets. Of the command: `waits` is 1 where it has the flag `--wait`, `begins` where it makes a repository. */
export function describe(thrown: unknown, command: Facts = {}): Described {
  const error = firstFailure(thrown)
  if (error instanceof LsyncError)
    return said(
      error.code,
      LSYNC_ERRORS[error.code],
      { ...escaped(error.facts), ...command },
      { ...error.facts, ...command },
    )
  if (isStorageError(error)) {
    const message =
      error.detail === undefined ? error.message : `${error.message} (${error.detail})`
    // A provider that was built for a later contract may bring codes that are not in the table.
    const known: Message | undefined = STORAGE_ERRORS[error.code]
    return said(error.code, known ?? STORAGE_ERRORS.unexpected, {
      message: escapeName(message),
      ...command,
    })
  }
  if (error instanceof DiskError) {
    const own = isOwnUnwritten(error)
    return {
      code: `disk-${error.code}`,
      message: `${escapeName(error.path) || 'The folder'}: ${escapeName(error.message)}`,
      hint:
        own && error.code === 'no-space'
          ? NO_ROOM
          : (DISK_HINTS[error.code] ?? 'Check the disk, then run lsync again.'),
      exit: own || REFUSED.has(error.code) ? EXIT.usage : EXIT.problems,
    }
  }
  return {
    code: 'bug',
    message: `This is a bug in lsync: ${escapeName(error instanceof Error ? error.message : String(error))}`,
    hint: 'Please report it; LSYNC_DEBUG=1 shows where it happened. What was done is recorded; the next run goes on.',
    exit: EXIT.bug,
  }
}

/** Without room for lsync's own files nothing goes on. */
function isOwnUnwritten({ code, path }: DiskError): boolean {
  return (code === 'no-space' || code === 'too-large') && path.startsWith('.lsync/')
}

function said(
  code: string,
  { sentence, hint, exit }: Message,
  escapedFacts: Facts,
  facts = escapedFacts,
): Described {
  const way = hint?.(facts)
  return {
    code,
    message: sentence(escapedFacts),
    exit,
    ...(way === undefined ? {} : { hint: way }),
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
