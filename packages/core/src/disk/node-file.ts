import fs from 'node:fs'
import { promisify } from 'node:util'
import type { DigestAlgorithm } from '../provider/index.ts'
import {
  type DigestAside,
  DiskError,
  type DiskFile,
  type DiskStat,
  type DiskWriter,
  type HashAsideOf,
  type ReadRange,
} from './disk.ts'
import { guarded, translate } from './node-errors.ts'
import type { HashThreads } from './node-hash-aside.ts'
import { diskStat, executableMode, kindOf, timeOf } from './node-stat.ts'

const readAsync = promisify(fs.read)
const writeAsync = promisify(fs.write)
const flushAsync = promisify(fs.fdatasync)

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR, O_CREAT, O_EXCL } = fs.constants
const CHUNK = 512 * 1024
/** Of memory that is shared: each chunk is a message to another thread, and its answer. */
const SHARED_CHUNK = 2 * 1024 * 1024
const MOST_SPARE = 32
/** Up to here a synchronous call is cheaper than a trip to the thread pool, and too short to be felt. */
const SMALL = 128 * 1024
/** A disk that held up a synchronous write for so many milliseconds gets so many of the next ones by the thread pool: who waits for it shall not hold up all others. */
const FELT = 20
const ASIDE = 16

/** A descriptor of a regular file; never of a link, and never waiting for the other end of a pipe. */
export function openRegular(absolute: string, path: string, access: number = O_RDONLY): number {
  return guarded(path, () => {
    // Looked at first, since opening a device can do something by itself.
    const kind = kindOf(fs.lstatSync(absolute))
    if (kind !== 'file') throw notRegular(path, kind)
    const descriptor = fs.openSync(absolute, access | O_NOFOLLOW | O_NONBLOCK)
    try {
      const opened = kindOf(fs.fstatSync(descriptor))
      if (opened !== 'file') throw notRegular(path, opened)
    } catch (error) {
      fs.closeSync(descriptor)
      throw error
    }
    return descriptor
  })
}

function notRegular(path: string, kind: string): DiskError {
  return new DiskError(kind === 'folder' ? 'is-folder' : 'io', path, 'is not a regular file')
}

/** Read, too: who hashes what is written reads it back. */
export function createExclusive(absolute: string, path: string): number {
  return guarded(path, () => fs.openSync(absolute, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o666))
}

/** Writes all of it, however often the system takes only a part. */
export function writeAllSync(descriptor: number, bytes: Uint8Array, at: number | null): void {
  for (let done = 0; done < bytes.length;)
    done += fs.writeSync(
      descriptor,
      bytes,
      done,
      bytes.length - done,
      at === null ? null : at + done,
    )
}

class Descriptor {
  protected readonly path: string
  readonly #threads: HashThreads
  #descriptor: number | undefined

  constructor(descriptor: number, path: string, threads: HashThreads) {
    this.#descriptor = descriptor
    this.path = path
    this.#threads = threads
  }

  readonly hashAside: HashAsideOf = (size) => this.#threads.hash(this.descriptor, size)
  readonly digestAside = (algorithms: readonly DigestAlgorithm[]): DigestAside =>
    this.#threads.digest(algorithms)

  protected get descriptor(): number {
    if (this.#descriptor === undefined) throw new Error(`${this.path} is closed already`)
    return this.#descriptor
  }

  async stat(): Promise<DiskStat> {
    return guarded(this.path, () => diskStat(fs.fstatSync(this.descriptor)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const descriptor = this.#descriptor
    if (descriptor === undefined) return
    this.#descriptor = undefined
    guarded(this.path, () => fs.closeSync(descriptor))
  }
}

/** Chunks that nobody reads any more, of all files of a disk: to make one for each file costs more than to read it. */
export class SpareChunks {
  readonly #chunks: Buffer[] = []

  take(): Buffer {
    return this.#chunks.pop() ?? Buffer.allocUnsafeSlow(CHUNK)
  }

  giveBack(chunk: Buffer): void {
    if (this.#chunks.length < MOST_SPARE) this.#chunks.push(chunk)
  }
}

export class NodeFile extends Descriptor implements DiskFile {
  readonly #spare: SpareChunks

  constructor(descriptor: number, path: string, threads: HashThreads, spare: SpareChunks) {
    super(descriptor, path, threads)
    this.#spare = spare
  }

  async *read(
    { from = 0, to = Infinity, reuse = false }: ReadRange,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    signal.throwIfAborted()
    let { size } = guarded(this.path, () => fs.fstatSync(this.descriptor))
    let at = from
    const isShared = reuse === 'shared'
    const most = isShared ? SHARED_CHUNK : CHUNK
    const make = (): Buffer =>
      isShared ? Buffer.from(new SharedArrayBuffer(most)) : this.#spare.take()
    const ours: Buffer[] = []
    let turn = 0
    const memory = (length: number): Buffer =>
      reuse === false ? Buffer.allocUnsafeSlow(length) : (ours[(turn ^= 1)] ??= make())
    // One read is always under way while the caller works on the chunk before. Its failure is heard when its turn comes, and must not count as unheard till then.
    const ahead = (): Promise<Uint8Array> => {
      const chunk = this.#chunk(at, Math.min(to, at + most), size, memory)
      chunk.catch(() => undefined)
      return chunk
    }
    let next = ahead()
    try {
      for (;;) {
        const chunk = await next
        if (chunk.length === 0) return
        at += chunk.length
        // It grew meanwhile.
        if (at > size) ({ size } = guarded(this.path, () => fs.fstatSync(this.descriptor)))
        next = ahead()
        yield chunk
        signal.throwIfAborted()
      }
    } finally {
      // The descriptor may be closed, and its number reused, only when nothing reads from it.
      await next.catch(() => undefined)
      if (!isShared) for (const chunk of ours) if (chunk !== undefined) this.#spare.giveBack(chunk)
    }
  }

  /** Empty at the end. `size` is what the file had: what grows beyond is read too. */
  async #chunk(
    at: number,
    to: number,
    size: number,
    memory: (length: number) => Buffer,
  ): Promise<Uint8Array> {
    const left = Math.max(size - at, 0)
    const length = Math.min(to - at, left + 1)
    if (length <= 0) return NOTHING
    // The end is looked for by one byte.
    const buffer = left === 0 ? Buffer.allocUnsafe(length) : memory(length)
    try {
      const read =
        left <= SMALL
          ? fs.readSync(this.descriptor, buffer, 0, length, at)
          : (await readAsync(this.descriptor, buffer, 0, length, at)).bytesRead
      return buffer.subarray(0, read)
    } catch (error) {
      throw translate(error, this.path)
    }
  }

  async readInto(buffer: Uint8Array, from: number): Promise<number> {
    let length = 0
    try {
      while (length < buffer.length) {
        const left = buffer.length - length
        const read =
          buffer.length <= SMALL
            ? fs.readSync(this.descriptor, buffer, length, left, from + length)
            : (await readAsync(this.descriptor, buffer, length, left, from + length)).bytesRead
        if (read === 0) break
        length += read
      }
    } catch (error) {
      throw translate(error, this.path)
    }
    return length
  }

  async readAll(): Promise<Uint8Array> {
    const size = guarded(this.path, () => fs.fstatSync(this.descriptor).size)
    if (size > SMALL) {
      const chunks: Uint8Array[] = []
      for await (const chunk of this.read({}, new AbortController().signal)) chunks.push(chunk)
      return Buffer.concat(chunks)
    }
    return guarded(this.path, () => {
      // A byte more than it had, so that one that grows meanwhile is read to its end.
      let buffer = Buffer.allocUnsafe(size + 1)
      let length = 0
      for (;;) {
        const read = fs.readSync(this.descriptor, buffer, length, buffer.length - length, length)
        length += read
        // Less than was asked for is the end, unless it is less than there was.
        if (read === 0 || (length < buffer.length && length >= size))
          return buffer.subarray(0, length)
        if (length === buffer.length) buffer = Buffer.concat([buffer, Buffer.alloc(SMALL)])
      }
    })
  }
}

const NOTHING = new Uint8Array(0)

export class NodeWriter extends Descriptor implements DiskWriter {
  #aside = 0
  #last: Promise<unknown> = Promise.resolve()

  async write(bytes: Uint8Array, at: number): Promise<void> {
    if (bytes.length <= SMALL || (bytes.length <= CHUNK && this.#aside === 0)) {
      const begun = performance.now()
      guarded(this.path, () => writeAllSync(this.descriptor, bytes, at))
      if (performance.now() - begun > FELT) this.#aside = ASIDE
      return
    }
    if (this.#aside > 0) this.#aside--
    // One after the other: the system lets only one at a time into a file.
    const before = this.#last
    const written = before.then(() => this.#writeAll(bytes, at))
    this.#last = written.catch(() => undefined)
    await written
  }

  async #writeAll(bytes: Uint8Array, at: number): Promise<void> {
    try {
      for (let done = 0; done < bytes.length;) {
        const left = bytes.length - done
        const { bytesWritten } = await writeAsync(this.descriptor, bytes, done, left, at + done)
        done += bytesWritten
      }
    } catch (error) {
      throw translate(error, this.path)
    }
  }

  async flush(): Promise<void> {
    try {
      await flushAsync(this.descriptor)
    } catch (error) {
      throw translate(error, this.path)
    }
  }

  async setModified(mtime: number): Promise<void> {
    guarded(this.path, () => fs.futimesSync(this.descriptor, timeOf(mtime), timeOf(mtime)))
  }

  async setExecutable(executable: boolean): Promise<void> {
    guarded(this.path, () => {
      const { mode } = fs.fstatSync(this.descriptor)
      fs.fchmodSync(this.descriptor, executableMode(mode, executable))
    })
  }
}
