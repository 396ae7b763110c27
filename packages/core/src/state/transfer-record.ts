import type { LocalFingerprint, Path } from '../model/entry.ts'
import { LsyncError } from '../model/errors.ts'
import { joinRanges } from '../model/ranges.ts'
import type { ByteRange, Expect, ObjectMetadata, UploadToken, Version } from '../provider/index.ts'
import { itemLine, readItem } from './json-line.ts'
import { TRANSFERS } from './layout.ts'

const TRANSFER_FORMAT = 1
export const RECORD = '.yaml'
const PART = '.part'

export interface RecordBase {
  /** Of its files, without their endings. */
  readonly name: string
  readonly remote: string
  /** By the local clock, in milliseconds since the epoch. */
  readonly begun: number
}

/** An upload in parts that was begun, with all that another process needs to go on with it. */
export interface UploadRecord extends RecordBase {
  readonly path: Path
  readonly size: number
  /** Of the local file when its upload began. */
  readonly sha256: string
  /** Of the local file then; absent where it was too young to be known by it. */
  readonly local?: LocalFingerprint
  readonly expect: Expect
  readonly metadata: ObjectMetadata
  readonly token: UploadToken
}

/** A download that was begun; its bytes lie beside the record. */
export interface DownloadRecord extends RecordBase {
  readonly key: Path
  readonly version: Version
  readonly size: number
  /** What of it a flush had confirmed. */
  readonly whole: readonly ByteRange[]
}

export function recordOf(name: string): string {
  return `${TRANSFERS}/${name}${RECORD}`
}

export function partOf(name: string): string {
  return `${TRANSFERS}/${name}${PART}`
}

function headLine(content: object): string {
  return itemLine({ format: TRANSFER_FORMAT, ...content })
}

export function uploadHead({ name: _name, ...upload }: UploadRecord): string {
  return headLine({ upload })
}

export function downloadHead({ name: _name, whole: _whole, ...download }: DownloadRecord): string {
  return headLine({ download })
}

export function wholeLine(whole: readonly ByteRange[]): string {
  return itemLine({ whole: whole.map(({ from, to }) => [from, to]) })
}

/**
 * The transfer that a record's text speaks of, and what of a download is there: as far as lines are whole, and understood.
 * LsyncError `newer-format` for one of a newer format.
 */
export function readRecord(
  name: string,
  text: string,
): {
  readonly upload: UploadRecord | undefined
  readonly download: DownloadRecord | undefined
} {
  const lines = text.split('\n')
  // Without its end, the last line may be half of one.
  lines.pop()
  const head = readItem(lines[0] ?? '')
  const format = Number(head?.['format'])
  if (format > TRANSFER_FORMAT)
    throw new LsyncError('newer-format', `${recordOf(name)} has format ${format}`, {
      what: 'an interrupted transfer in .lsync/transfers',
      format,
      known: TRANSFER_FORMAT,
    })
  const upload = uploadFrom(name, head?.['upload'])
  const download = downloadFrom(name, head?.['download'])
  if (download === undefined) return { upload, download }
  let { whole } = download
  for (const line of lines.slice(1)) {
    const next = rangesFrom(readItem(line)?.['whole'], download.size)
    if (next === undefined) break
    whole = next
  }
  return { upload, download: { ...download, whole } }
}

function uploadFrom(name: string, value: unknown): UploadRecord | undefined {
  const written = value as Partial<UploadRecord> | null | undefined
  return typeof written?.path === 'string' &&
    typeof written.remote === 'string' &&
    typeof written.begun === 'number' &&
    typeof written.size === 'number' &&
    typeof written.sha256 === 'string' &&
    typeof written.expect?.kind === 'string' &&
    typeof written.metadata?.user === 'object' &&
    typeof written.token === 'object'
    ? ({ ...written, name } as UploadRecord)
    : undefined
}

function downloadFrom(name: string, value: unknown): DownloadRecord | undefined {
  const written = value as Partial<DownloadRecord> | null | undefined
  return typeof written?.key === 'string' &&
    typeof written.remote === 'string' &&
    typeof written.begun === 'number' &&
    typeof written.version === 'string' &&
    Number.isSafeInteger(written.size)
    ? ({ ...written, name, whole: [] } as unknown as DownloadRecord)
    : undefined
}

function rangesFrom(value: unknown, size: number): readonly ByteRange[] | undefined {
  if (!Array.isArray(value)) return undefined
  const ranges: ByteRange[] = []
  for (const pair of value as unknown[]) {
    const [from, to] = Array.isArray(pair) ? (pair as unknown[]) : []
    if (typeof from !== 'number' || typeof to !== 'number') return undefined
    if (!(from >= 0 && from < to && to <= size)) return undefined
    ranges.push({ from, to })
  }
  return joinRanges(ranges)
}
