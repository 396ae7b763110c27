import { DiskError } from '../disk/disk.ts'
import { firstFailure } from '../model/errors.ts'
import type { Problem, ProblemCode } from '../model/problem.ts'
import { isStorageError, type StorageErrorCode } from '../provider/index.ts'

/** What a failure of one path means: a problem of that path, or (undefined) the end of the run. */
const STORAGE: Readonly<Record<StorageErrorCode, ProblemCode | undefined>> = {
  'not-found': 'moved-on',
  'precondition-failed': 'moved-on',
  busy: 'busy',
  'upload-lost': 'remote-failed',
  'bad-digest': 'changing',
  'bad-key': 'name-refused',
  'key-conflict': 'below-a-file',
  unreadable: 'unreadable',
  'too-large': 'too-large',
  unauthenticated: undefined,
  forbidden: undefined,
  'no-remote': undefined,
  'no-space': undefined,
  throttled: 'remote-failed',
  network: undefined,
  server: 'remote-failed',
  unsupported: 'remote-failed',
  'bad-remote': undefined,
  refused: 'remote-refused',
  unexpected: undefined,
}

const DISK: Readonly<Record<DiskError['code'], ProblemCode>> = {
  missing: 'moved-on',
  exists: 'in-the-way',
  'not-empty': 'in-the-way',
  forbidden: 'unreadable',
  'no-space': 'no-space',
  'too-large': 'too-large-here',
  'is-folder': 'in-the-way',
  'not-folder': 'in-the-way',
  'bad-name': 'name-unsafe',
  'read-only': 'read-only',
  busy: 'local-failed',
  io: 'local-failed',
}

/** A path that could not be handled; thrown by effects, turned into data by the executor. */
export class PathProblem extends Error {
  override readonly name = 'PathProblem'
  readonly code: ProblemCode
  constructor(code: ProblemCode, detail?: string) {
    super(detail ?? code)
    this.code = code
  }
}

/** The problem that a failure means for this path (`writing`: in changing it here); undefined where the run must end. */
export function problemOf(path: string, thrown: unknown, writing = false): Problem | undefined {
  const error = firstFailure(thrown)
  if (error instanceof PathProblem)
    return {
      path,
      code: error.code,
      ...(error.message === error.code ? {} : { detail: error.message }),
    }
  if (error instanceof DiskError) {
    const code = writing && error.code === 'forbidden' ? 'unwritable' : DISK[error.code]
    return { path, code, detail: error.message }
  }
  if (!isStorageError(error)) return undefined
  const code = STORAGE[error.code]
  return code === undefined ? undefined : { path, code, detail: error.message }
}
