import type { GuardName } from '@lsync/core'

export interface GuardFacts {
  readonly side: 'local' | 'remote'
  readonly affected: number
  readonly total: number
}

const WHERE = { local: 'here', remote: 'on the remote' } as const

/** A guard's way out is always the same: `--allow` and its name. */
export const GUARDS: Readonly<Record<GuardName, (facts: GuardFacts) => string>> = {
  'mass-delete': ({ side, affected, total }) =>
    `${affected} of ${total} files would be removed ${WHERE[side]}`,
  emptied: ({ side }) =>
    side === 'local'
      ? 'this folder holds nothing any more: is a disk missing?'
      : 'the remote holds nothing any more: is it the right one?',
  'mass-change': ({ side, total }) => `every one of ${total} files changed ${WHERE[side]}`,
  unrelated: ({ affected, total }) =>
    `this folder and the remote have little in common: ${affected} of ${total} files differ or are missing`,
  'other-remote': () =>
    'the remote is not the one that this repository was made for, or has lost its identity; lsync doctor says which it is, and what follows',
}
