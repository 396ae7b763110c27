import { conflictName } from '../decide/conflict-name.ts'
import type { LocalEntry } from '../model/entry.ts'
import { readMetadata } from '../model/metadata.ts'
import type {
  AdoptAction,
  KeepBothAction,
  RemoveRemoteAction,
  SetExecutableAction,
  UploadAction,
} from '../model/plan.ts'
import { type Disk, DiskError } from '../disk/disk.ts'
import { isFolderKey, parentOf } from '../model/path.ts'
import { isStorageError } from '../provider/index.ts'
import { hashFile } from '../scan/hash.ts'
import { PathProblem } from './consequence.ts'
import type { Effects } from './context.ts'
import { fileEntry, folderEntry } from './entries.ts'
import type { Staged } from './content.ts'
import { fetch, stage } from './fetch.ts'
import { expectStill } from './guard.ts'
import type { Recorder } from './recorder.ts'
import { upload } from './upload.ts'

/**
 * The remote version that is about to be overwritten or removed, unseen by this clone, goes into the trash first, unless the store keeps it by
 * itself. That is asked of this very version: a bucket's setting says nothing about what was written before it.
 */
export async function keepRemoteInTrash(
  effects: Effects,
  action: UploadAction | RemoveRemoteAction,
  signal: AbortSignal,
): Promise<void> {
  const remote = action.kind === 'upload' ? action.over : action.remote
  if (action.keepRemote !== true || remote === undefined) return
  const { disk, provider, trash } = effects
  if (provider.history !== undefined) {
    const now = await provider.head(remote.key, { signal })
    if (now?.version === remote.version && now.historyId !== undefined) return
  }
  const staged = await stage(effects, await fetch(effects, remote, signal))
  const place = await trash.placeFor(action.path)
  await disk.flush([staged.path, parentOf(place)])
  await disk.rename(staged.path, place, { overwrite: false })
  await disk.flush([place])
}

/**
 * Keeps both: the remote content arrives beside the local file, on both sides, before the local content takes the path.
 */
export async function keepBoth(
  effects: Effects,
  action: KeepBothAction,
  signal: AbortSignal,
): Promise<void> {
  const { path, from, remote } = action
  await expectStill(effects.disk, path, from)
  const staged = await stage(effects, await fetch(effects, remote, signal))
  const copy = await placeBeside(effects, path, staged)
  const stat = await effects.disk.stat(copy)
  if (stat === undefined) throw new PathProblem('changing')
  const seen = effects.world.now()
  try {
    await upload(
      effects,
      {
        kind: 'upload',
        path: copy,
        reason: 'new',
        from: { type: staged.file.link ? 'link' : 'file', stat, seen },
        expect: { kind: 'absent' },
        executable: staged.file.executable,
        keepRemote: false,
      },
      signal,
    )
  } catch (error) {
    // Another clone made the same copy: it is there, which is what counts; the next run compares the two.
    if (!isStorageError(error) || error.code !== 'precondition-failed') throw error
  }
  await upload(
    effects,
    {
      kind: 'upload',
      path,
      reason: 'conflict',
      ...(action.base === undefined ? {} : { base: action.base }),
      from,
      expect: { kind: 'version', version: remote.version },
      over: remote,
      executable: action.executable,
      keepRemote: false,
    },
    signal,
  )
}

/** Flushed, under a name that is free. */
async function placeBeside({ disk }: Effects, path: string, staged: Staged): Promise<string> {
  await disk.flush([staged.path])
  const author = staged.file.author ?? 'unknown'
  for (let attempt = 1; ; attempt++) {
    const copy = conflictName(path, author, staged.info.modified, attempt)
    try {
      await disk.rename(staged.path, copy, { overwrite: false })
      await disk.flush([copy])
      return copy
    } catch (error) {
      if (!(error instanceof DiskError) || error.code !== 'exists' || attempt > 100) throw error
      // A run that died behind this point made it: one copy is enough.
      if (await holds(disk, copy, staged)) {
        await disk.remove(staged.path)
        return copy
      }
    }
  }
}

async function holds(disk: Disk, path: string, { info, sha256 }: Staged): Promise<boolean> {
  try {
    await using file = await disk.open(path)
    const { size } = await file.stat()
    if (size !== info.size) return false
    return (await hashFile(file, size, [], new AbortController().signal)).sha256 === sha256
  } catch (error) {
    if (error instanceof DiskError) return false
    throw error
  }
}

/** Only the bit differs: it is set here, and the row learns it. */
export async function setExecutable(
  { disk, recorder, world }: Effects,
  action: SetExecutableAction,
): Promise<void> {
  const { path, from, executable, remote, sha256 } = action
  await expectStill(disk, path, from)
  await disk.setExecutable(path, executable)
  const stat = await disk.stat(path)
  const local =
    stat?.size === from.stat.size &&
    stat.mtime === from.stat.mtime &&
    stat.inode === from.stat.inode
      ? ({ type: 'file', stat, seen: world.now() } as const)
      : undefined
  recorder.add(
    {
      path,
      entry: fileEntry({
        local,
        size: from.stat.size,
        sha256,
        executable,
        remote,
        metadata: remote.metadata,
        former: action.base,
      }),
    },
    from.stat.inode,
  )
}

/** False for a file of somebody else's: its time is not worth a problem. */
async function tookTime(disk: Disk, path: string, mtime: number): Promise<boolean> {
  try {
    await disk.setModified(path, mtime)
    return true
  } catch (error) {
    if (error instanceof DiskError && error.code === 'forbidden') return false
    throw error
  }
}

/** Both sides hold the same: the row learns it, and a file that is new to us takes the remote's time. */
export async function adopt({ disk, recorder }: Effects, action: AdoptAction): Promise<void> {
  const { path, remote, from, base } = action
  const { mtime } = readMetadata(remote.metadata)
  const takesTime =
    from.type === 'file' &&
    base === undefined &&
    mtime !== undefined &&
    Math.abs(mtime - from.stat.mtime) > 1
  if (takesTime) {
    await expectStill(disk, path, from)
    // Somebody may have saved in the instant before: with our time on it, only a hash could tell. The next run makes one.
    if (await tookTime(disk, path, mtime)) return recordAdopted(recorder, action, undefined)
  }
  recordAdopted(recorder, action, from)
}

/** Nothing changes but the row. */
export function recordAdopted(
  recorder: Pick<Recorder, 'add'>,
  { path, from, remote, sha256, executable, base }: AdoptAction,
  local: LocalEntry | undefined,
): void {
  if (isFolderKey(path)) {
    recorder.add({ path, entry: folderEntry(remote) })
    return
  }
  recorder.add(
    {
      path,
      entry: fileEntry({
        local,
        size: from.stat.size,
        sha256,
        executable,
        link: from.type === 'link',
        remote,
        metadata: remote.metadata,
        former: base,
      }),
    },
    from.stat.inode,
  )
}
