import type { World } from '../disk/clock.ts'
import { type Disk, DiskError } from '../disk/disk.ts'
import type { LocalFingerprint, Path } from '../model/entry.ts'
import { LsyncError } from '../model/errors.ts'
import { joinRanges } from '../model/ranges.ts'
import type { ByteRange, Expect, ObjectMetadata, UploadToken, Version } from '../provider/index.ts'
import { TRANSFERS } from './layout.ts'
import { jsonLine } from './row.ts'

const TRANSFER_FORMAT = 1
const RECORD = '.yaml'
const PART = '.part'

interface RecordBase {
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

/**
 * Transfers that may go on in another run: a file of its own for each in `.lsync/transfers/`, and beside it the bytes of a download.
 * The names are random, so that a record never speaks of another transfer's bytes, whatever order a power cut leaves names in.
 */
export class Transfers {
  readonly #disk: Disk
  readonly #world: World
  readonly #remote: string
  readonly #uploads = new Map<string, UploadRecord>()
  readonly #downloads = new Map<string, DownloadRecord>()
  /** Files of no record that is understood. */
  readonly #stray: string[] = []
  /** Names of records that this run used. */
  readonly #used = new Set<string>()
  #hasFolder: boolean

  private constructor(disk: Disk, world: World, remote: string, hasFolder: boolean) {
    this.#disk = disk
    this.#world = world
    this.#remote = remote
    this.#hasFolder = hasFolder
  }

  /** Reads all records; changes nothing. A record of a newer format is refused (LsyncError `newer-format`). */
  static async open(disk: Disk, world: World, remote: string): Promise<Transfers> {
    const names = await namesIn(disk)
    const transfers = new Transfers(disk, world, remote, names !== undefined)
    for (const name of names ?? []) {
      if (!name.endsWith(RECORD)) continue
      const text = await disk.readText(`${TRANSFERS}/${name}`)
      transfers.#read(name.slice(0, -RECORD.length), text ?? '')
    }
    for (const name of names ?? [])
      if (!transfers.#isKnown(name.replace(/\.[a-z]+$/, ''))) transfers.#stray.push(name)
    return transfers
  }

  get uploads(): readonly UploadRecord[] {
    return [...this.#uploads.values()]
  }

  get downloads(): readonly DownloadRecord[] {
    return [...this.#downloads.values()]
  }

  /** The newest one for this path, to go on with. */
  upload(path: Path): UploadRecord | undefined {
    return this.#use(this.uploads.findLast((one) => one.path === path && this.isHere(one)))
  }

  download(key: Path): DownloadRecord | undefined {
    return this.#use(this.downloads.findLast((one) => one.key === key && this.isHere(one)))
  }

  /** True if this run began it or went on with it. */
  isUsed({ name }: RecordBase): boolean {
    return this.#used.has(name)
  }

  /** True for the remote of this run: a token means nothing to another one. */
  isHere({ remote }: RecordBase): boolean {
    return remote === this.#remote
  }

  /** Survives a power cut when it resolves. */
  async beginUpload(upload: Omit<UploadRecord, keyof RecordBase>): Promise<UploadRecord> {
    return this.#noteUpload({ ...this.#head(), ...upload })
  }

  /** Notes the token that an upload has now. */
  async advanceUpload(record: UploadRecord, token: UploadToken): Promise<UploadRecord> {
    return this.#noteUpload({ ...record, token })
  }

  async #noteUpload(record: UploadRecord): Promise<UploadRecord> {
    const { name, ...written } = record
    await this.#write(name, headLine({ upload: written }))
    this.#uploads.set(name, record)
    return record
  }

  /** Survives a power cut when it resolves. The bytes go to `partOf` the record. */
  async beginDownload(
    download: Omit<DownloadRecord, keyof RecordBase | 'whole'>,
  ): Promise<DownloadRecord> {
    const record = { ...this.#head(), ...download, whole: [] }
    this.#downloads.set(record.name, record)
    await this.#write(record.name, downloadHead(record))
    return record
  }

  /** Makes the record's end whole again before it is appended to. */
  async continueDownload(record: DownloadRecord): Promise<void> {
    await this.#write(record.name, downloadHead(record) + wholeLine(record.whole))
  }

  /**
   * Notes what of a download is on the disk. The caller has flushed it. The note itself need not be durable: lost, it costs work.
   */
  async confirm({ name }: DownloadRecord, whole: readonly ByteRange[]): Promise<void> {
    const record = this.#downloads.get(name)
    if (record === undefined) return
    await this.#disk.appendText(recordOf(name), wholeLine(whole))
    this.#downloads.set(name, { ...record, whole })
  }

  recordOf({ name }: RecordBase): string {
    return recordOf(name)
  }

  partOf({ name }: DownloadRecord): string {
    return partOf(name)
  }

  /** The record goes first: bytes without a record are nothing, but a record must not outlive its bytes. */
  async remove({ name }: RecordBase): Promise<void> {
    const isDownload = this.#downloads.delete(name)
    this.#uploads.delete(name)
    await removeIfThere(this.#disk, recordOf(name))
    if (isDownload) await removeIfThere(this.#disk, partOf(name))
  }

  /** Removes what belongs to no record, and records of downloads whose bytes went to their place. */
  async tidy(): Promise<void> {
    for (const name of this.#stray.splice(0))
      await removeIfThere(this.#disk, `${TRANSFERS}/${name}`)
    for (const record of this.downloads)
      if ((await this.#disk.stat(partOf(record.name))) === undefined) await this.remove(record)
  }

  #use<T extends RecordBase>(record: T | undefined): T | undefined {
    if (record !== undefined) this.#used.add(record.name)
    return record
  }

  #head(): RecordBase {
    const name = this.#world.token()
    this.#used.add(name)
    return { name, remote: this.#remote, begun: this.#world.now() }
  }

  async #write(name: string, text: string): Promise<void> {
    if (!this.#hasFolder) {
      // What is noted of an upload may be all that it takes to write into it.
      await this.#disk.makeFolder(TRANSFERS, { private: true }).catch((error: unknown) => {
        // Another transfer of this run was faster.
        if (!(error instanceof DiskError) || error.code !== 'exists') throw error
      })
      this.#hasFolder = true
    }
    await this.#disk.replaceText(recordOf(name), text)
  }

  #isKnown(name: string): boolean {
    return this.#uploads.has(name) || this.#downloads.has(name)
  }

  #read(name: string, text: string): void {
    const lines = text.split('\n')
    // Without its end, the last line may be half of one.
    lines.pop()
    const head = parseLine(lines[0] ?? '')
    const format = Number(head?.['format'])
    if (format > TRANSFER_FORMAT)
      throw new LsyncError('newer-format', `${recordOf(name)} has format ${format}`, {
        what: 'an interrupted transfer in .lsync/transfers',
        format,
        known: TRANSFER_FORMAT,
      })
    const upload = uploadFrom(name, head?.['upload'])
    if (upload !== undefined) this.#uploads.set(name, upload)
    const download = downloadFrom(name, head?.['download'])
    if (download === undefined) return
    let { whole } = download
    for (const line of lines.slice(1)) {
      const next = rangesFrom(parseLine(line)?.['whole'], download.size)
      if (next === undefined) break
      whole = next
    }
    this.#downloads.set(name, { ...download, whole })
  }
}

async function namesIn(disk: Disk): Promise<readonly string[] | undefined> {
  try {
    return (await disk.list(TRANSFERS)).map(({ name }) => name)
  } catch (error) {
    if (error instanceof DiskError && error.code === 'missing') return undefined
    throw error
  }
}

async function removeIfThere(disk: Disk, path: string): Promise<void> {
  try {
    await disk.remove(path)
  } catch (error) {
    if (!(error instanceof DiskError) || error.code !== 'missing') throw error
  }
}

function recordOf(name: string): string {
  return `${TRANSFERS}/${name}${RECORD}`
}

function partOf(name: string): string {
  return `${TRANSFERS}/${name}${PART}`
}

function headLine(content: object): string {
  return `- ${jsonLine({ format: TRANSFER_FORMAT, ...content })}\n`
}

function downloadHead({ name: _name, whole: _whole, ...download }: DownloadRecord): string {
  return headLine({ download })
}

function wholeLine(whole: readonly ByteRange[]): string {
  return `- ${jsonLine({ whole: whole.map(({ from, to }) => [from, to]) })}\n`
}

function parseLine(line: string): Partial<Record<string, unknown>> | undefined {
  if (!line.startsWith('- {')) return undefined
  try {
    const value: Partial<Record<string, unknown>> = JSON.parse(line.slice(2))
    return value
  } catch {
    return undefined
  }
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
