import type { DiskWriter } from '../disk/disk.ts'
import type { GrowingRanges } from '../model/ranges.ts'
import type { DownloadRecord } from '../state/transfer-record.ts'
import type { Effects } from './context.ts'

/** Each note costs a flush of the file: what a death costs at most grows with the file, up to what a line carries in seconds. */
const PARTS = 256
const MOST_UNNOTED = 64 * 1024 * 1024
/** So many notes may be lost in a power cut. */
const FLUSHED_NOTES = 8

/**
 * Keeps the record of a download behind its data: what was written is flushed, and only then noted. One flush at a time, beside the
 * transfer.
 */
export class Notes {
  readonly #effects: Pick<Effects, 'disk' | 'transfers' | 'ranged'>
  readonly #record: DownloadRecord
  readonly #writer: Pick<DiskWriter, 'flush'>
  readonly #written: GrowingRanges
  #notes = 0
  #unnoted = 0
  #work: Promise<void> | undefined
  #failure: { readonly error: unknown } | undefined

  constructor(
    effects: Pick<Effects, 'disk' | 'transfers' | 'ranged'>,
    record: DownloadRecord,
    writer: Pick<DiskWriter, 'flush'>,
    written: GrowingRanges,
  ) {
    this.#effects = effects
    this.#record = record
    this.#writer = writer
    this.#written = written
  }

  /** What is written grew by so many bytes. Waits where the disk does not keep up: else a death would cost all that came during one slow flush. */
  async wrote(bytes: number): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error
    this.#unnoted += bytes
    const noted = Math.max(
      this.#effects.ranged.noted,
      Math.min(this.#record.size / PARTS, MOST_UNNOTED),
    )
    if (this.#unnoted < noted) return
    await this.#work
    if (this.#unnoted >= noted) this.#work ??= this.#note()
  }

  /** Everything written so far is noted when this resolves. */
  async settle(): Promise<void> {
    // Whoever else settles waits for the same note.
    while (this.#failure === undefined && (this.#work !== undefined || this.#unnoted > 0))
      // oxlint-disable-next-line no-await-in-loop -- one flush at a time
      await (this.#work ??= this.#note())
    if (this.#failure !== undefined) throw this.#failure.error
  }

  async #note(): Promise<void> {
    const { disk, transfers } = this.#effects
    this.#unnoted = 0
    // Taken before the flush: what is written meanwhile, it need not have reached.
    const whole = this.#written.ranges
    try {
      // Names, and the notes before this one: a note that is lost costs work, and to flush them costs five times what the bytes alone do.
      if (this.#notes++ % FLUSHED_NOTES === 0)
        await disk.flush([transfers.partOf(this.#record), transfers.recordOf(this.#record)])
      else await this.#writer.flush()
      await transfers.confirm(this.#record, whole)
    } catch (error) {
      this.#failure = { error }
    } finally {
      this.#work = undefined
    }
  }
}
