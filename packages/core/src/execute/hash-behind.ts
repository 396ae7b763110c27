import type { DiskFile, HashAside } from '../disk/disk.ts'
import type { DigestAlgorithm, Digests } from '../provider/index.ts'
import { digester } from '../provider/digester.ts'
import { LARGE_FILE } from '../scan/hash.ts'
import { PathProblem } from './consequence.ts'

/** Read at once. */
const STEP = 1024 * 1024
/** Less is hashed sooner than handed over. */
const SMALLEST_ASIDE = 1024 * 1024
/** Where so much was hashed here, there will be more. */
const MUCH = 64 * 1024 * 1024

/** Which files of a run are worth a thread. */
export class WorthAThread {
  #here = 0

  /** Asked once for each file of so many bytes; what is not worth it counts as hashed here. */
  isWorth(size: number): boolean {
    if (size >= LARGE_FILE || (size >= SMALLEST_ASIDE && this.#here >= MUCH)) return true
    this.#here += size
    return false
  }
}

type Whole = Digests & { readonly sha256: string }

/**
 * The digests of a file that is still being written, in ranges that come in any order: they are computed behind the writers, as far as the file is whole
 * from its beginning, so that little is left to do when the last range is there.
 */
export interface HashBehind {
  /** All bytes before `whole` are written. Work goes on beside the caller, who hears of a failure at the end. */
  reached(whole: number): void
  /** Once the file is whole: waits for what is left. */
  digest(signal: AbortSignal): Promise<Whole>
  /** When it resolves, nothing reads from the file any more. */
  stop(): Promise<void>
}

export function hashBehind(
  file: DiskFile,
  size: number,
  also: readonly DigestAlgorithm[],
  worth: Pick<WorthAThread, 'isWorth'>,
): HashBehind {
  const aside = also.length === 0 && worth.isWorth(size) ? startAside(file, size) : undefined
  return aside === undefined ? new Here(file, size, also) : new Aside(file, size, aside)
}

/** Undefined where the system gives no thread: a limit of processes, a permission. */
export function startAside(file: Pick<DiskFile, 'hashAside'>, size: number): HashAside | undefined {
  try {
    return file.hashAside?.(size)
  } catch {
    return undefined
  }
}

/** On the core that receives, too. */
class Here implements HashBehind {
  readonly #file: DiskFile
  readonly #size: number
  readonly #digests: ReturnType<typeof digester>
  readonly #buffer: Uint8Array
  /** The bytes before are in the digests. */
  #at = 0
  #whole = 0
  #working: Promise<void> | undefined
  #failure: { readonly error: unknown } | undefined
  #stopped = false

  constructor(file: DiskFile, size: number, also: readonly DigestAlgorithm[]) {
    this.#file = file
    this.#size = size
    this.#digests = digester(also)
    this.#buffer = Buffer.allocUnsafeSlow(Math.min(STEP, size))
  }

  reached(whole: number): void {
    this.#whole = Math.max(this.#whole, whole)
    if (!this.#stopped && this.#failure === undefined && this.#isWorthAStep)
      this.#working ??= this.#work()
  }

  get #isWorthAStep(): boolean {
    const left = this.#whole - this.#at
    return left >= STEP || (left > 0 && this.#whole === this.#size)
  }

  async #work(): Promise<void> {
    try {
      while (!this.#stopped && this.#isWorthAStep) {
        const length = Math.min(STEP, this.#whole - this.#at)
        const read = await this.#file.readInto(this.#buffer.subarray(0, length), this.#at)
        if (read < length)
          throw new PathProblem('corrupt', 'what was written is not there any more')
        this.#digests.update(this.#buffer.subarray(0, length))
        this.#at += length
      }
    } catch (error) {
      this.#failure = { error }
    } finally {
      this.#working = undefined
    }
  }

  async digest(signal: AbortSignal): Promise<Whole> {
    const stop = (): void => void (this.#stopped = true)
    signal.addEventListener('abort', stop)
    await this.#working
    signal.removeEventListener('abort', stop)
    signal.throwIfAborted()
    if (this.#failure !== undefined) throw this.#failure.error
    return this.#digests.digest()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#working
  }
}

class Aside implements HashBehind {
  readonly #file: DiskFile
  readonly #size: number
  readonly #aside: HashAside
  #here: Here | undefined
  #stopped = false

  constructor(file: DiskFile, size: number, aside: HashAside) {
    this.#file = file
    this.#size = size
    this.#aside = aside
  }

  reached(whole: number): void {
    this.#aside.reached(whole)
  }

  async digest(signal: AbortSignal): Promise<Whole> {
    const stop = (): void => void this.#aside.stop()
    signal.addEventListener('abort', stop)
    const sha256 = await this.#aside.digest()
    signal.removeEventListener('abort', stop)
    signal.throwIfAborted()
    if (sha256 !== undefined) return { sha256 }
    // The file may be closed by now.
    if (this.#stopped) throw new Error('nobody waits for this digest any more')
    // The thread did not start, or could not read: then this says why.
    this.#here = new Here(this.#file, this.#size, [])
    this.#here.reached(this.#size)
    return this.#here.digest(signal)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all([this.#aside.stop(), this.#here?.stop()])
  }
}
