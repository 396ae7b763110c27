import { fingerprintOf } from '../decide/unchanged.ts'
import type { BaseEntry, LocalEntry } from '../model/entry.ts'
import { isAnnotated, readMetadata } from '../model/metadata.ts'
import type { ObjectInfo, ObjectMetadata } from '../provider/index.ts'

/** The row of a file or a link that both sides hold now. */
export function fileEntry(facts: {
  readonly local: LocalEntry | undefined
  readonly size: number
  readonly sha256: string
  readonly executable: boolean
  readonly link?: boolean
  readonly remote: ObjectInfo
  /** What the object carries, where it is known; else what the former row knew of it. */
  readonly metadata?: ObjectMetadata | undefined
  readonly former?: BaseEntry | undefined
}): BaseEntry {
  const { local, remote, metadata, former } = facts
  // A local file whose bit does not show what was agreed is looked at again.
  const fingerprint =
    local === undefined || (local.stat.executable ?? facts.executable) !== facts.executable
      ? undefined
      : fingerprintOf(local)
  const author = metadata === undefined ? former?.author : readMetadata(metadata).author
  const annotated =
    metadata === undefined ? former?.remote.annotated === true : isAnnotated(metadata)
  return {
    type: facts.link === true ? 'link' : 'file',
    size: facts.size,
    sha256: facts.sha256,
    executable: facts.executable,
    ...(fingerprint === undefined ? {} : { local: fingerprint }),
    remote: {
      version: remote.version,
      fingerprint: remote.fingerprint,
      ...(remote.size === facts.size ? {} : { size: remote.size }),
      ...(annotated ? { annotated } : {}),
    },
    ...(author === undefined ? {} : { author }),
  }
}

/** The row of an empty folder that both sides hold now. */
export function folderEntry(remote: ObjectInfo): BaseEntry {
  return {
    type: 'folder',
    size: 0,
    sha256: '',
    executable: false,
    remote: { version: remote.version, fingerprint: remote.fingerprint },
  }
}

/** The row of an object that is a link, where links are skipped: nothing is agreed on but what it is. */
export function skippedLinkEntry({ size, version, fingerprint }: ObjectInfo): BaseEntry {
  return {
    type: 'link',
    size,
    sha256: '',
    executable: false,
    remote: { version, fingerprint },
    frozen: true,
  }
}
