import type { BaseEntry, Row } from '../model/entry.ts'
import { jsonLine } from './json-line.ts'

/** An entry as it stands in the files: flat, defaults left out. */
interface Written {
  readonly type?: BaseEntry['type']
  readonly size: number
  readonly sha256?: string
  readonly executable?: true
  readonly mtime?: number
  readonly ctime?: number
  readonly inode?: number | undefined
  readonly version: string
  readonly fingerprint: string
  readonly remoteSize?: number
  readonly digests?: BaseEntry['remote']['digests']
  readonly annotated?: true
  readonly author?: string
  readonly removing?: true
  readonly frozen?: true
}

export function writeEntry(entry: BaseEntry): string {
  const { local, remote } = entry
  const written: Written = {
    ...(entry.type === 'file' ? {} : { type: entry.type }),
    size: entry.size,
    ...(entry.sha256 === '' ? {} : { sha256: entry.sha256 }),
    ...(entry.executable ? { executable: true } : {}),
    ...local,
    version: remote.version,
    fingerprint: remote.fingerprint,
    ...(remote.size === undefined ? {} : { remoteSize: remote.size }),
    ...(remote.digests === undefined ? {} : { digests: remote.digests }),
    ...(remote.annotated === undefined ? {} : { annotated: remote.annotated }),
    ...(entry.author === undefined ? {} : { author: entry.author }),
    ...(entry.removing === undefined ? {} : { removing: entry.removing }),
    ...(entry.frozen === undefined ? {} : { frozen: entry.frozen }),
  }
  return jsonLine(written)
}

/** Undefined if this is no entry. */
export function readEntry(value: unknown): BaseEntry | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const w = value as Partial<Written>
  if (
    typeof w.size !== 'number' ||
    typeof w.version !== 'string' ||
    typeof w.fingerprint !== 'string'
  )
    return undefined
  const type = w.type ?? 'file'
  if (type === 'file' && typeof w.sha256 !== 'string') return undefined
  // Member by member: to spread what may be absent costs more than all the rest of this.
  const remote: Writable<BaseEntry['remote']> = { version: w.version, fingerprint: w.fingerprint }
  if (w.remoteSize !== undefined) remote.size = w.remoteSize
  if (w.digests !== undefined) remote.digests = w.digests
  if (w.annotated === true) remote.annotated = true
  const entry: Writable<BaseEntry> = {
    type,
    size: w.size,
    sha256: w.sha256 ?? '',
    executable: w.executable === true,
    remote,
  }
  const { mtime, ctime, inode } = w
  if (typeof mtime === 'number' && typeof ctime === 'number') entry.local = { mtime, ctime, inode }
  if (w.author !== undefined) entry.author = w.author
  if (w.removing === true) entry.removing = true
  if (w.frozen === true) entry.frozen = true
  return entry
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] }

/** Two spaces, the path as a JSON string, a colon, the entry: one line of `entries:`, valid YAML and JSON alike. */
export function writeLine({ path, entry }: Row): string {
  return `  ${jsonLine(path)}: ${writeEntry(entry)}\n`
}
