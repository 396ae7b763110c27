import type { LocalEntry, Path, RemoteEntry } from '../model/entry.ts'
import { isFolderKey } from '../model/path.ts'
import type { Side } from '../model/side.ts'

interface Folder {
  readonly path: Path
  readonly local: Side<LocalEntry>
  readonly remote: Side<RemoteEntry>
  filled?: true
}

/** Notes of a folder that is empty on one side whether the other one has something in it: what lies in a folder comes right behind its key. */
export class FilledFolders {
  #folder: Folder | undefined

  /** Every path of which both sides are known, in the order of keys. */
  see(path: Path, local: Side<LocalEntry>, remote: Side<RemoteEntry>): void {
    const folder = this.#folder
    if (folder === undefined) return
    if (!path.startsWith(folder.path)) this.#folder = undefined
    else if ((folder.local.state === 'absent' ? local : remote).state === 'present')
      folder.filled = true
  }

  watch(row: Folder): void {
    if (isFolderKey(row.path)) this.#folder = row
  }
}
