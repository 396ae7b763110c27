import type { Path } from '../model/entry.ts'
import { isFolderKey } from '../model/path.ts'
import type { Action, AdoptAction } from '../model/plan.ts'

/** Looked at closely, and found to be what it was: for a person, that is unchanged. */
export function isSilent(action: Action): action is AdoptAction & { readonly silent: true } {
  return action.kind === 'adopt' && action.silent
}

/** The bytes that it brings to one side or to both; undefined where it transfers nothing. */
export function transferOf(action: Action): number | undefined {
  switch (action.kind) {
    case 'upload':
      return action.from.stat.size
    case 'download':
      return action.remote.size
    case 'keep-both':
      return action.from.stat.size + action.remote.size
    default:
      return undefined
  }
}

/** Counts what was done. Folders count as files: a person sees them as things that moved. */
export class Tally {
  #uploaded = { files: 0, bytes: 0 }
  #downloaded = { files: 0, bytes: 0 }
  #removedLocally = 0
  #removedRemotely = 0
  #moved = 0
  /** The sizes of files that came to a new place on the remote, by their former one, which is still there: until it is cleared, they have not moved. */
  readonly #halfMoved = new Map<Path, number>()
  #adopted = 0
  #bits = 0
  readonly #failed = new Set<Path>()
  /** Looked at closely, and found to be what they were. */
  #unchanged = 0

  done(action: Action): void {
    switch (action.kind) {
      case 'upload':
        if (action.moved !== undefined) this.#halfMoved.set(action.moved.key, action.from.stat.size)
        else this.#up(action.from.stat.size, action.path)
        break
      case 'move-local':
        this.#moved++
        break
      case 'download':
        this.#down(action.remote.size)
        break
      case 'keep-both':
        this.#down(action.remote.size)
        this.#up(action.from.stat.size, action.path)
        break
      case 'remove-local':
        if (action.filled !== true) this.#removedLocally++
        break
      case 'remove-remote':
        // Also by a later look, which knows it as any other removal.
        if (this.#halfMoved.delete(action.path)) this.#moved++
        else if (action.filled !== true) this.#removedRemotely++
        break
      case 'set-executable':
        this.#bits++
        break
      case 'adopt':
        if (isSilent(action)) this.#unchanged++
        else this.#adopted++
        break
      default:
    }
  }

  failed(path: Path): void {
    this.#failed.add(path)
  }

  /** It is tried again: only how that ends counts. */
  forgive(path: Path): void {
    this.#failed.delete(path)
  }

  #up(bytes: number, path: string): void {
    this.#uploaded = {
      files: this.#uploaded.files + 1,
      bytes: this.#uploaded.bytes + (isFolderKey(path) ? 0 : bytes),
    }
  }

  #down(bytes: number): void {
    this.#downloaded = { files: this.#downloaded.files + 1, bytes: this.#downloaded.bytes + bytes }
  }

  totals(unchanged: number) {
    const { files, bytes } = this.#uploaded
    return {
      uploaded: {
        files: files + this.#halfMoved.size,
        bytes: [...this.#halfMoved.values()].reduce((sum, size) => sum + size, bytes),
      },
      downloaded: this.#downloaded,
      removedLocally: this.#removedLocally,
      removedRemotely: this.#removedRemotely,
      moved: this.#moved,
      adopted: this.#adopted,
      executable: this.#bits,
      unchanged: unchanged + this.#unchanged,
      failed: this.#failed.size,
    }
  }
}
