import type { World } from '../disk/world.ts'
import { type Disk, DiskError } from '../disk/disk.ts'
import type { Path } from '../model/entry.ts'
import type { ByteRange, UploadToken } from '../provider/index.ts'
import { TRANSFERS } from './layout.ts'
import { removeIfThere } from './remove.ts'
import {
  downloadHead,
  type DownloadRecord,
  partOf,
  readRecord,
  RECORD,
  type RecordBase,
  recordOf,
  uploadHead,
  type UploadRecord,
  wholeLine,
} from './transfer-record.ts'

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
    return this.#use(newest(this.uploads.filter((one) => one.path === path && this.isHere(one))))
  }

  download(key: Path): DownloadRecord | undefined {
    return this.#use(newest(this.downloads.filter((one) => one.key === key && this.isHere(one))))
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
    await this.#write(record.name, uploadHead(record))
    this.#uploads.set(record.name, record)
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
    const { upload, download } = readRecord(name, text)
    if (upload !== undefined) this.#uploads.set(name, upload)
    if (download !== undefined) this.#downloads.set(name, download)
  }
}

/** By this computer's clock: where it was set back an older one may be taken, which costs work and nothing else. */
function newest<T extends RecordBase>(records: readonly T[]): T | undefined {
  return records.toSorted((a, b) => a.begun - b.begun).at(-1)
}

/** Of files: a folder there is some system's, that puts one into every folder. */
async function namesIn(disk: Disk): Promise<readonly string[] | undefined> {
  try {
    const items = await disk.list(TRANSFERS)
    return items.filter(({ kind }) => kind !== 'folder').map(({ name }) => name)
  } catch (error) {
    if (error instanceof DiskError && error.code === 'missing') return undefined
    throw error
  }
}
