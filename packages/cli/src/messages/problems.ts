import type { ProblemCode } from '@lsync/core'

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
  'bad-rules': {
    sentence: 'has a .lsyncignore that cannot be followed; left as it is on both sides',
    hint: 'Shorten it, or remove it, and run lsync again.',
  },
  'not-asked': {
    sentence: 'was left out for a while, and only the remote can tell what becomes of it',
    hint: 'Ask it: lsync status, without --local.',
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
  'remote-within': {
    sentence: 'belongs to a remote that lies within this one; skipped',
    hint: 'Somebody syncs that folder of the bucket by itself (lsync init REMOTE/FOLDER), and both go on syncing what is in it. To leave it to them: add the folder, as /FOLDER/, to .lsyncignore.',
  },
  'below-a-file': {
    sentence: 'lies below a name that is a file, or has the name of a folder; skipped',
    hint: 'If you named paths, name that file or folder, too; where both are wanted, rename one of them.',
  },
  'name-folds': {
    sentence: 'has a name that this disk takes for another one; skipped',
    hint: RENAME,
  },
  'folder-with-content': { sentence: 'is named like a folder but has content; skipped' },
  'name-refused': {
    sentence: 'cannot be kept on the remote under this name; skipped',
    hint: RENAME,
  },
  changing: { sentence: 'kept changing while it was looked at', hint: LATER },
  busy: { sentence: 'is being changed by another client just now', hint: LATER },
  'moved-on': { sentence: 'changed on the other side meanwhile', hint: LATER },
  corrupt: {
    sentence: 'arrived damaged, twice; nothing was replaced',
    hint: 'What arrives damaged may be damaged on the remote: lsync verify --deep looks closer.',
  },
  'too-large': { sentence: 'is too large for the remote' },
  'too-large-here': {
    sentence: 'is too large for this disk, which takes no file of that size',
    hint: 'A disk formatted as FAT takes less than 4 GB in one file, and ulimit -f may set a limit, too.',
  },
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
    hint: 'If you named paths, name what stands there, too; else move it away, then run lsync again.',
  },
  'kept-for-safety': {
    sentence:
      'is not removed, since something else did not get to that side, or cannot be read, that may be this one',
    hint: LATER,
  },
  'no-place-there': {
    sentence: 'is not sent, since what stands in its place on the remote is not removed yet',
    hint: LATER,
  },
  'remote-failed': { sentence: 'failed on the remote, also after several attempts', hint: LATER },
  'remote-refused': {
    sentence: 'was refused by the remote; left as it is',
    hint: 'If it is refused again, lsync doctor tells what the remote can do.',
  },
  'local-failed': {
    sentence: 'failed on this disk',
    hint: 'Check the disk, then run lsync again.',
  },
}
