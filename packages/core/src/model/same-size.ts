import type { Path, RemoteEntry } from './entry.ts'

/**
 * The files here of one size, in the tree or in the trash. One for all downloads of that size: there may be very many of both, and none may
 * have to look through all of them.
 */
export class SameSize {
  readonly #known: Known[] = []
  readonly #bySha256 = new Map<string, Known[]>()
  readonly #byVersion = new Map<string, Known[]>()
  readonly #inTrash: Path[] = []

  /** A file of the tree, with the digest of its content, and the version of the object that it was the same as. */
  add(path: Path, sha256: string, version: string): void {
    const known = { path, sha256 }
    this.#known.push(known)
    push(this.#bySha256, sha256, known)
    push(this.#byVersion, version, known)
  }

  /** Of what is in the trash only the size is known. */
  addInTrash(path: Path): void {
    this.#inTrash.push(path)
  }

  /**
   * Those that may hold what is to come to the path, best first.
   * @param claimed the digest that a writer claimed: it proves nothing, but spares the reading of what it rules out
   */
  *candidates(
    path: Path,
    { version, digests }: RemoteEntry,
    claimed?: string,
  ): Generator<Path, void> {
    // Where versions are made of the content's digest (the ETags of S3), another version is other content, and need not be asked about.
    const ofContent = Object.values(digests).some(
      (digest) => digest !== undefined && version.includes(digest),
    )
    const known = ofContent
      ? this.#byVersion.get(version)
      : claimed === undefined
        ? this.#known
        : this.#bySha256.get(claimed)
    for (const one of known ?? [])
      if (one.path !== path && (claimed === undefined || one.sha256 === claimed)) yield one.path
    yield* this.#inTrash
  }
}

interface Known {
  readonly path: Path
  readonly sha256: string
}

function push<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [value])
  else list.push(value)
}
