import type { GuardName, LsyncErrorCode, ProblemCode, StorageErrorCode } from '@lsync/core'

/** Facts for a sentence; already escaped. */
export type Facts = Readonly<Record<string, string | number>>

export interface Message {
  readonly sentence: (facts: Facts) => string
  /** What the person can do. */
  readonly hint?: (facts: Facts) => string
  readonly exit: number
}

/** Exit codes; scripts rely on them (docs/json.md). */
export const EXIT = {
  done: 0,
  bug: 1,
  usage: 2,
  conflicts: 3,
  problems: 4,
  halted: 5,
  remote: 6,
  locked: 7,
  pending: 8,
  interrupted: 130,
} as const

/** Packages of ours that are not named after their scheme. */
const PUBLISHED: Readonly<Record<string | number, string>> = {
  gs: '@lsync/provider-gcs',
}

export const LSYNC_ERRORS: Readonly<Record<LsyncErrorCode, Message>> = {
  'not-a-repository': {
    sentence: ({ folder }) => `${folder} is not in an lsync repository.`,
    hint: () => 'Make one with: lsync init REMOTE',
    exit: EXIT.usage,
  },
  'already-a-repository': {
    sentence: ({ folder }) => `${folder} is an lsync repository already.`,
    hint: () => 'Its settings are in .lsync/config.yaml; see: lsync config list',
    exit: EXIT.usage,
  },
  'inside-lsync': {
    sentence: ({ folder }) => `${folder} is inside a .lsync folder, which belongs to lsync itself.`,
    exit: EXIT.usage,
  },
  'bad-path': { sentence: ({ path, reason }) => `${path}: ${reason}`, exit: EXIT.usage },
  'outside-repository': {
    sentence: ({ path, root }) => `${path} is not in the repository ${root}.`,
    hint: () => 'Name paths inside the repository, or run lsync there (-C DIR).',
    exit: EXIT.usage,
  },
  'bad-configuration': {
    sentence: ({ file, line, reason }) =>
      `${file}${line === undefined ? '' : `, line ${line}`}: ${reason}`,
    hint: () => 'Edit that line, or remove it.',
    exit: EXIT.usage,
  },
  'newer-format': {
    sentence: ({ what, format, known }) =>
      `${what} has format ${format}; this lsync knows up to ${known}.`,
    hint: () => 'Install a newer lsync.',
    exit: EXIT.usage,
  },
  'damaged-database': {
    sentence: () => 'The database .lsync/database.yaml is damaged.',
    hint: () => 'Move it away and sync again: files are compared by content, nothing is lost.',
    exit: EXIT.usage,
  },
  'unknown-requirement': {
    sentence: ({ requires }) => `The remote requires what this lsync does not know: ${requires}.`,
    hint: () => 'Install a newer lsync.',
    exit: EXIT.usage,
  },
  'unknown-scheme': {
    sentence: ({ scheme, known }) =>
      `No installed provider knows ${scheme}:// (there are: ${known}).`,
    hint: ({ scheme }) =>
      `If there is one, install it: lsync plugins install ${PUBLISHED[scheme ?? ''] ?? `@lsync/provider-${scheme}`} (or the package of somebody else: npm search lsync-provider)`,
    exit: EXIT.usage,
  },
  'provider-broken': {
    sentence: ({ scheme, plugin, reason }) =>
      `The provider for ${scheme}:// ${plugin === undefined ? '' : `in the plugin ${plugin} `}cannot be used: ${reason}`,
    hint: ({ plugin }) =>
      plugin === undefined
        ? 'Update the plugin: lsync plugins update'
        : `Update or remove it: lsync plugins uninstall ${plugin}`,
    exit: EXIT.usage,
  },
  'ambiguous-remote': {
    sentence: ({ remote }) => `${remote} may be a bucket or a folder.`,
    hint: ({ remote }) => `Write s3://${remote} for a bucket, file:./${remote} for a folder.`,
    exit: EXIT.usage,
  },
  overlap: {
    sentence: ({ folder, remote }) =>
      `The folder ${folder} and the remote ${remote} contain each other.`,
    hint: () => 'A repository cannot sync with a place inside itself, or with one that it lies in.',
    exit: EXIT.usage,
  },
  'remote-overlap': {
    sentence: ({ remote, outer, theirs }) =>
      `The remote ${remote} and that of the repository around it, ${outer} (${theirs}), contain each other.`,
    hint: () => 'Each would take the files of the other for its own: name another place.',
    exit: EXIT.usage,
  },
  'other-repository': {
    sentence: ({ remote }) =>
      `${remote} is not the repository that others noted; nothing was done.`,
    hint: () => 'Ask them; if you trust it all the same: lsync clone REMOTE PATH',
    exit: EXIT.usage,
  },
  'other-remote': {
    sentence: ({ remote, id }) =>
      id === undefined
        ? `${remote} carries no identity (.lsync/repository.yaml), so nothing says that it holds this repository; nothing was changed.`
        : `${remote} belongs to another repository (${id}); nothing was changed.`,
    hint: () =>
      'If this folder is to sync with it from now on: the same with --allow other-remote. All files are then compared by content, and nothing is taken for removed.',
    exit: EXIT.halted,
  },
  'unconfirmed-remote': {
    sentence: ({ remote }) =>
      `${remote} was named by the remote around it, and nobody confirmed it; nothing was brought.`,
    hint: ({ clone }) => `If you trust it: ${clone}`,
    exit: EXIT.problems,
  },
  'unknown-remote': {
    sentence: ({ folder }) =>
      `${folder} is a repository of its own, whose remote was not told to others: a folder of one machine, it seems.`,
    hint: ({ folder }) => `If you know where it is: lsync clone REMOTE ${folder}`,
    exit: EXIT.problems,
  },
  locked: {
    sentence: ({ pid, host, since }) =>
      `Another lsync is at work in this repository: process ${pid} on ${host}, since ${since}.`,
    hint: ({ elsewhere }) =>
      `Wait for it, or use --wait SECONDS.${elsewhere === 1 ? ' If that computer has stopped, remove .lsync/lock.' : ''}`,
    exit: EXIT.locked,
  },
  disk: {
    sentence: ({ path, reason }) =>
      `${path} cannot be read or written${reason === undefined ? '' : `: ${reason}`}.`,
    exit: EXIT.usage,
  },
}

const remote = (sentence: (facts: Facts) => string, hint?: (facts: Facts) => string): Message => ({
  sentence,
  ...(hint === undefined ? {} : { hint }),
  exit: EXIT.remote,
})
const detailed = (start: string) => (facts: Facts) => `${start}: ${facts['message']}`

export const STORAGE_ERRORS: Readonly<Record<StorageErrorCode, Message>> = {
  'not-found': remote(detailed('The remote does not have it')),
  'precondition-failed': remote(detailed('The remote changed meanwhile'), () => 'Run lsync again.'),
  busy: remote(detailed('The remote is busy'), () => 'Run lsync again.'),
  'upload-lost': remote(
    detailed('The remote forgot an upload'),
    () => 'Run lsync again: it starts over.',
  ),
  'bad-digest': remote(detailed('Bytes arrived damaged'), () => 'Run lsync again.'),
  'bad-key': remote(detailed('The remote cannot keep this name')),
  'key-conflict': remote(detailed('The remote cannot keep a file and a folder of one name')),
  unreadable: remote(detailed('The remote does not give it out')),
  'too-large': remote(detailed('Too large for the remote')),
  unauthenticated: remote(
    detailed('The remote does not accept the credentials'),
    () => 'Check them with your cloud tools, or name others: lsync providers lists the settings.',
  ),
  forbidden: remote(
    detailed('The remote refuses this operation'),
    () => 'The credentials may be for reading only: then use lsync pull.',
  ),
  'no-remote': remote(
    detailed('There is no such remote'),
    () =>
      'Check its name, and that a disk it lies on is mounted; lsync config get remote shows it.',
  ),
  'no-space': remote(
    detailed('The remote has no room left'),
    () => 'Make room there and run lsync again: it goes on where it stopped.',
  ),
  throttled: remote(
    detailed('The remote asks for a slower pace'),
    () => 'Try again later, or with fewer requests at once: --jobs 4',
  ),
  network: remote(
    detailed('The remote cannot be reached'),
    () => 'Check the network and the endpoint, then run lsync again: it goes on where it stopped.',
  ),
  server: remote(
    detailed('The remote failed'),
    () => 'Run lsync again: it goes on where it stopped.',
  ),
  unsupported: remote(detailed('The remote does not offer this')),
  'bad-remote': { sentence: detailed('This remote makes no sense'), exit: EXIT.usage },
  unexpected: remote(
    detailed('The remote answered what lsync does not understand'),
    () => 'lsync stopped rather than guess. lsync doctor looks closer.',
  ),
}

export interface ProblemMessage {
  /** Goes on after the path. */
  readonly sentence: string
  readonly hint?: string
}

const LATER = 'Nothing is lost by it: run lsync again.'
const RENAME = 'Rename it on the side that has it.'

export const PROBLEMS: Readonly<Record<ProblemCode, ProblemMessage>> = {
  unreadable: {
    sentence: 'cannot be read; left as it is on both sides',
    hint: 'Check the permissions of what cannot be read.',
  },
  'special-file': { sentence: 'is no regular file; skipped' },
  'symbolic-link': {
    sentence: 'is a symbolic link; skipped',
    hint: 'To keep links as links: lsync config set symlinks store',
  },
  'link-target': { sentence: 'is a symbolic link to what cannot be a path; skipped' },
  'other-device': { sentence: 'is on another device or a mount point; skipped' },
  nested: {
    sentence: 'is a repository of its own; skipped',
    hint: 'Run lsync in it (lsync -C PATH sync), or here with --recursive.',
  },
  'nested-content': {
    sentence: 'is a repository of its own for others; what lies there is left alone',
    hint: 'Move away what lies there, or make it that repository too: lsync clone REMOTE PATH (lsync status names the remote). If nobody has it any more: lsync push --force PATH',
  },
  'nested-differs': {
    sentence: 'is a repository of its own, here with another remote than others noted',
    hint: 'Others go on with theirs. lsync sync --conflict local PATH notes yours instead.',
  },
  'nested-refused': {
    sentence: 'should be a repository of its own, but what the remote says of it is not used',
    hint: 'If you know where it is: lsync clone REMOTE PATH',
  },
  'name-not-utf8': { sentence: 'has a name that is not valid UTF-8; skipped', hint: RENAME },
  'name-unsafe': { sentence: 'cannot be a file name here; skipped', hint: RENAME },
  'name-reserved': {
    sentence: 'has a name that is reserved for lsync itself (.lsync); skipped',
    hint: RENAME,
  },
  'below-a-file': { sentence: 'lies below a name that is a file; skipped', hint: RENAME },
  'name-folds': {
    sentence: 'has a name that this disk takes for another one; skipped',
    hint: RENAME,
  },
  'folder-with-content': { sentence: 'is named like a folder but has content; skipped' },
  'name-refused': { sentence: 'has a name that the remote cannot keep; skipped', hint: RENAME },
  changing: { sentence: 'kept changing while it was looked at', hint: LATER },
  busy: { sentence: 'is being changed by another client just now', hint: LATER },
  'moved-on': { sentence: 'changed on the other side meanwhile', hint: LATER },
  corrupt: {
    sentence: 'arrived damaged, twice; nothing was replaced',
    hint: 'What arrives damaged may be damaged on the remote: lsync verify --deep looks closer.',
  },
  'too-large': { sentence: 'is too large for the remote' },
  forbidden: {
    sentence: 'is refused by the remote',
    hint: 'The credentials may not allow this; lsync doctor shows what they do.',
  },
  'no-space': {
    sentence: 'does not fit: there is no room left',
    hint: 'Make room, then run lsync again.',
  },
  unwritable: {
    sentence: 'may not be changed here; left as it is',
    hint: 'Check the permissions of what cannot be changed, and of the folder it is in.',
  },
  'read-only': { sentence: 'cannot be written: the disk is read-only' },
  'in-the-way': {
    sentence: 'has something else standing in its place here',
    hint: 'Move away what stands in the place of a file, then run lsync again.',
  },
  'kept-for-safety': { sentence: 'was not removed, since a transfer failed before', hint: LATER },
  'remote-failed': { sentence: 'failed on the remote, also after several attempts', hint: LATER },
  'local-failed': {
    sentence: 'failed on this disk',
    hint: 'Check the disk, then run lsync again.',
  },
}

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
  'other-remote': () => 'the remote is not the one that this repository was made for',
}
