import type { LsyncErrorCode, StorageErrorCode } from '@lsync/core'
import { shellWord } from '../render/shell-word.ts'
import { EXIT } from './exit.ts'

export type Facts = Readonly<Record<string, string | number>>

export interface Message {
  /** Of facts that are escaped already. */
  readonly sentence: (facts: Facts) => string
  /** What the person can do; undefined where the sentence says it. Of facts as they are: each goes through `shellWord`, so that a command can be pasted. */
  readonly hint?: (facts: Facts) => string | undefined
  readonly exit: number
}

/** Packages of ours that are not named after their scheme. */
const PUBLISHED = new Map([['gs', '@lsync/provider-gcs']])

function publishedFor(scheme: string): string {
  return PUBLISHED.get(scheme) ?? shellWord(`@lsync/provider-${scheme}`)
}

export const LSYNC_ERRORS: Readonly<Record<LsyncErrorCode, Message>> = {
  'not-a-repository': {
    sentence: ({ folder }) => `${folder} is not in an lsync repository.`,
    hint: () => 'Make one with: lsync init REMOTE',
    exit: EXIT.usage,
  },
  'already-a-repository': {
    sentence: ({ folder }) => `${folder} is an lsync repository already.`,
    // Also where a clone was cut off, and is asked for once more.
    hint: ({ folder }) =>
      `To go on with it: lsync -C ${shellWord(String(folder))} sync. Its settings: lsync -C ${shellWord(String(folder))} config list`,
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
      file === undefined
        ? `${reason}`
        : `${file}${line === undefined ? '' : `, line ${line}`}: ${reason}`,
    hint: ({ line }) => (line === undefined ? undefined : 'Edit that line, or remove it.'),
    exit: EXIT.usage,
  },
  'newer-format': {
    sentence: ({ what, format, known }) =>
      `${what} has format ${format}; this lsync knows up to ${known}.`,
    hint: () => 'Install a newer lsync.',
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
      `If there is one, install it: lsync plugins install ${publishedFor(String(scheme))} (or the package of somebody else: npm search lsync-provider)`,
    exit: EXIT.usage,
  },
  'provider-broken': {
    sentence: ({ scheme, plugin, reason }) =>
      `The provider for ${scheme}:// ${plugin === undefined ? '' : `in the plugin ${plugin} `}cannot be used: ${reason}`,
    hint: ({ plugin }) =>
      plugin === undefined
        ? 'Update the plugin: lsync plugins update'
        : `Update or remove it: lsync plugins uninstall ${shellWord(String(plugin))}`,
    exit: EXIT.usage,
  },
  'ambiguous-remote': {
    sentence: ({ remote }) => `${remote} may be a bucket or a folder.`,
    hint: ({ remote }) =>
      `Write ${shellWord(`s3://${remote}`)} for a bucket, ${shellWord(`file:./${remote}`)} for a folder.`,
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
    hint: ({ folder }) =>
      `If you know where it is: lsync clone REMOTE ${shellWord(String(folder))}`,
    exit: EXIT.problems,
  },
  locked: {
    sentence: ({ pid, host, since }) =>
      `Another lsync is at work in this repository: process ${pid} on ${host}, since ${since}.`,
    hint: ({ elsewhere, waits, file }) =>
      `${waits === 1 ? 'Wait for it, or use --wait SECONDS.' : 'Run this again once it has ended.'}${elsewhere === 1 ? ` If that computer has stopped, remove ${file}.` : ''}`,
    exit: EXIT.locked,
  },
  disk: {
    sentence: ({ path, reason }) =>
      `${path} cannot be read or written${reason === undefined ? '' : `: ${reason}`}.`,
    exit: EXIT.usage,
  },
}

const remote = (
  sentence: (facts: Facts) => string,
  hint?: (facts: Facts) => string | undefined,
): Message => ({
  sentence,
  ...(hint === undefined ? {} : { hint }),
  exit: EXIT.remote,
})
const detailed = (start: string) => (facts: Facts) => `${start}: ${facts['message']}`

/** Where there is a repository to look from. */
const looksCloser = ({ begins }: Facts): string | undefined =>
  begins === 1 ? undefined : 'lsync doctor looks closer.'

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
    () => 'Credentials or permissions do not allow it. Where they allow reading: lsync pull.',
  ),
  'no-remote': remote(
    detailed('There is no such remote'),
    ({ begins }) =>
      `Check its name, and that a disk it lies on is mounted${begins === 1 ? '' : '; lsync config get remote shows it'}.`,
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
  refused: remote(detailed('The remote refuses this'), looksCloser),
  'bad-remote': { sentence: detailed('This remote makes no sense'), exit: EXIT.usage },
  unexpected: remote(detailed('The remote answered what lsync does not understand'), (facts) =>
    ['lsync stopped rather than guess.', looksCloser(facts)].join(' ').trim(),
  ),
}
