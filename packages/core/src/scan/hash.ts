import { createHash, hash } from 'node:crypto'
import { digester } from '../provider/digester.ts'
import type { DigestAside, DiskFile } from '../disk/disk.ts'
import type { ByteRange, DigestAlgorithm, Digests } from '../provider/index.ts'

/** Up to this size a file is held in memory from its first byte to its last, and costs no stream. */
export const SMALL_FILE = 256 * 1024
/** Up to this size one read and one call for the digest cost less than chunks whose memory is used again. */
const READ_AT_ONCE = 16 * 1024
/** From here on a thread is worth its 20 ms and its memory for a single file. */
export const LARGE_FILE = 256 * 1024 * 1024

export function sha256Of(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex')
}

/** The sha256 of some of the file's bytes. */
export async function hashRange(
  file: DiskFile,
  range: ByteRange,
  signal: AbortSignal,
): Promise<string> {
  const hasher = createHash('sha256')
  for await (const chunk of file.read(range, signal)) hasher.update(chunk)
  return hasher.digest('hex')
}

/**
 * Reads the file once and computes sha256 and the other algorithms asked for, as far as they are known here; those by another core, where the file is large:
 * an upload waits for its digest.
 */
export async function hashFile(
  file: DiskFile,
  size: number,
  also: readonly DigestAlgorithm[],
  signal: AbortSignal,
): Promise<Whole> {
  if (size <= READ_AT_ONCE && also.length === 0) return { sha256: sha256Of(await file.readAll()) }
  const aside = size >= LARGE_FILE && also.length > 0 ? startAside(file, also) : undefined
  const digests = aside && (await hashOnTwoCores(file, aside, signal))
  if (digests !== undefined) return digests
  const here = digester(also)
  for await (const chunk of file.read({ reuse: true }, signal)) here.update(chunk)
  return here.digest()
}

type Whole = Digests & { readonly sha256: string }

/** Undefined where the other core gives no digests. */
async function hashOnTwoCores(
  file: DiskFile,
  aside: DigestAside,
  signal: AbortSignal,
): Promise<Whole | undefined> {
  const sha256 = createHash('sha256')
  try {
    for await (const chunk of file.read({ reuse: 'shared' }, signal)) {
      const taken = aside.update(chunk)
      sha256.update(chunk)
      await taken
    }
    const others = await aside.digest()
    return others && { ...others, sha256: sha256.digest('hex') }
  } finally {
    await aside.stop()
  }
}

/** Undefined where the system gives no thread: a limit of processes, a permission. */
function startAside(file: DiskFile, also: readonly DigestAlgorithm[]): DigestAside | undefined {
  try {
    return file.digestAside?.(also)
  } catch {
    return undefined
  }
}
