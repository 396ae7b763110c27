import type { LocalEntry, Path, RemoteEntry } from '../model/entry.ts'
import { isFolderKey } from '../model/path.ts'
import type { Side } from '../model/side.ts'

/**
 * Where something is in a folder that a side shows as an empty one. `across`: on the other side. `itself`: on the remote, where it came after the mark of the
 * empty folder, which says nothing since; some tools make one for every folder. A mark that is newer than all in the folder may be of a client that is
 * about to remove the rest: then it stands for a folder that a person made empty.
 */
export type Filled = 'across' | 'itself'

interface Folder {
  readonly path: Path
  readonly local: Side<LocalEntry>
  readonly remote: Side<RemoteEntry>
  filled?: Filled | undefined
}

/** Notes of folders that a side shows as empty whether there is something in them: what lies in a folder comes right behind its key. */
export class FilledFolders {
  /** Each lies in the one before. */
  readonly #folders: Folder[] = []

  /** Every path of which both sides are known, in the order of keys. */
  see(path: Path, local: Side<LocalEntry>, remote: Side<RemoteEntry>): void {
    while (!path.startsWith(this.#folders.at(-1)?.path ?? '')) this.#folders.pop()
    for (const folder of this.#folders) folder.filled = filledBy(folder, local, remote)
  }

  watch(row: Folder): void {
    if (isFolderKey(row.path)) this.#folders.push(row)
  }
}

function filledBy(
  { filled, local: here, remote: there }: Folder,
  local: Side<LocalEntry>,
  remote: Side<RemoteEntry>,
): Filled | undefined {
  const isOlder =
    there.state === 'present' &&
    remote.state === 'present' &&
    there.entry.modified < remote.entry.modified
  if (here.state === 'absent' && isOlder) return 'itself'
  return (here.state === 'absent' ? local : remote).state === 'present'
    ? (filled ?? 'across')
    : filled
}
