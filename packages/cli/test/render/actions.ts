import type { Action, Conflict, LocalEntry, RemoteEntry, RunReport, Totals } from '@lsync/core'

/** Actions and reports as core hands them over, for tests of what is made of them. */

export function localOf(size: number): LocalEntry {
  return {
    type: 'file',
    seen: 0,
    stat: { kind: 'file', size, mtime: 0, ctime: 0, inode: 1, device: 1, executable: false },
  }
}

function remoteOf(path: string, size: number): RemoteEntry {
  return { key: path, size, modified: 0, version: 'v', fingerprint: 'v', digests: {} }
}

type Of<Kind extends Action['kind']> = Extract<Action, { kind: Kind }>

export function upload(
  path: string,
  size = 3,
  reason: Of<'upload'>['reason'] = 'new',
): Of<'upload'> {
  return {
    kind: 'upload',
    path,
    reason,
    from: localOf(size),
    expect: { kind: 'absent' },
    executable: false,
    keepRemote: false,
  }
}

export function download(path: string, size = 3, reason: Of<'download'>['reason'] = 'new'): Action {
  return { kind: 'download', path, reason, from: 'absent', remote: remoteOf(path, size) }
}

export function removeLocal(path: string): Action {
  return { kind: 'remove-local', path, from: localOf(3) }
}

export function removeRemote(path: string): Of<'remove-remote'> {
  return { kind: 'remove-remote', path, remote: remoteOf(path, 3) }
}

export function keepBoth(path: string): Action {
  return {
    kind: 'keep-both',
    path,
    from: localOf(3),
    remote: remoteOf(path, 5),
    executable: false,
  }
}

export function adopt(path: string): Action {
  return {
    kind: 'adopt',
    path,
    from: localOf(3),
    sha256: '',
    remote: remoteOf(path, 3),
    executable: false,
    silent: false,
  }
}

export function conflict(path: string): Conflict {
  return { path, kind: 'content', local: localOf(3), remote: remoteOf(path, 5) }
}

export const NOTHING: Totals = {
  uploaded: { files: 0, bytes: 0 },
  downloaded: { files: 0, bytes: 0 },
  removedLocally: 0,
  removedRemotely: 0,
  moved: 0,
  adopted: 0,
  executable: 0,
  unchanged: 0,
  failed: 0,
}

export function report(facts: Partial<RunReport>): RunReport {
  return {
    remote: 'file:///r',
    conflicts: [],
    problems: [],
    halted: [],
    nested: [],
    totals: NOTHING,
    ...facts,
  }
}
