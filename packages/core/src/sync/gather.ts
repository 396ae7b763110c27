import { digester } from '../provider/digester.ts'
import type { Disk } from '../disk/disk.ts'
import { DiskError } from '../disk/disk.ts'
import { type Evidence, judge, type Judged, mustReadRemote, needsOf } from '../decide/evidence.ts'
import type { Joined } from '../decide/join.ts'
import { problemOf } from '../execute/consequence.ts'
import { isStill } from '../execute/guard.ts'
import { runPool } from '../execute/pool.ts'
import type { LocalEntry, RemoteEntry } from '../model/entry.ts'
import type { OnEvent } from '../model/events.ts'
import type { Problem } from '../model/problem.ts'
import type { DigestAlgorithm, Digests, StorageProvider } from '../provider/index.ts'
import { hashFile, sha256Of, SMALL_FILE } from '../scan/hash.ts'
import { createHash } from 'node:crypto'

export interface GatherContext {
  readonly disk: Disk
  readonly provider: StorageProvider
  readonly jobs: number
  readonly signal: AbortSignal
  readonly onEvent: OnEvent
}

export interface Gathered {
  readonly judged: readonly Judged[]
  /** Rows whose evidence could not be had; each is a problem. What they hold may be content that has vanished elsewhere. */
  readonly unjudged: readonly Joined[]
}

/**
 * Finds out what the two listings do not tell, for the few rows that need it: hashes of local files, metadata and digests of objects.
 *
 * @param settle true for a row that nothing else depends on, and that is dealt with: it is not held
 */
export async function gather(
  context: GatherContext,
  rows: AsyncIterable<readonly Joined[]>,
  onProblem: (problem: Problem) => void,
  settle: (row: Judged) => boolean,
): Promise<Gathered> {
  const judged: (Judged | undefined)[] = []
  const unjudged: Joined[] = []
  let hashedFiles = 0
  let hashedBytes = 0

  const hold = (index: number, row: Judged): void => {
    if (!settle(row)) judged[index] = row
  }

  async function* numbered(): AsyncGenerator<{ readonly index: number; readonly row: Joined }> {
    for await (const page of rows)
      for (const row of page) {
        const needs = needsOf(row)
        judged.push(undefined)
        const index = judged.length - 1
        if (needs.hash.length > 0 || needs.head) yield { index, row }
        else hold(index, judge(row, {}))
      }
  }

  await runPool(numbered(), context.jobs, context.signal, async ({ index, row }, signal) => {
    let evidence: Evidence
    try {
      evidence = await evidenceFor(context, row, signal)
    } catch (error) {
      signal.throwIfAborted()
      const problem = problemOf(row.path, error)
      if (problem === undefined) throw error
      onProblem(problem)
      unjudged.push(row)
      return
    }
    if (evidence.local !== undefined && row.local.state === 'present') {
      hashedFiles++
      hashedBytes += row.local.entry.stat.size
      context.onEvent({ type: 'hashed', files: hashedFiles, bytes: hashedBytes })
    }
    hold(index, judge(row, evidence))
  })
  return { judged: judged.filter((row) => row !== undefined), unjudged }
}

async function evidenceFor(
  context: GatherContext,
  row: Joined,
  signal: AbortSignal,
): Promise<Evidence> {
  const needs = needsOf(row)
  const [local, remote] = await Promise.all([
    needs.hash.length > 0 && row.local.state === 'present'
      ? hashLocal(context, row.path, row.local.entry, needs.hash, signal)
      : undefined,
    needs.head && row.remote.state === 'present'
      ? context.provider.head(row.path, { signal })
      : undefined,
  ])
  const evidence: Evidence = {
    ...(local === undefined ? {} : { local }),
    ...(remote === undefined ? {} : { remote }),
  }
  if (!mustReadRemote(row, evidence) || row.remote.state !== 'present') return evidence
  return { ...evidence, remoteSha256: await hashRemote(context, row.remote.entry, signal) }
}

/** Digests of a local file, or of the target of a link, that is still what the scan saw; sha256 always among them. */
export async function hashLocal(
  { disk }: GatherContext,
  path: string,
  entry: LocalEntry,
  algorithms: readonly DigestAlgorithm[],
  signal: AbortSignal,
): Promise<Digests> {
  if (entry.type === 'link') {
    const digests = digester(algorithms)
    digests.update(await disk.readLink(path))
    if (!isStill(await disk.stat(path), entry)) throw changing(path)
    return digests.digest()
  }
  await using file = await disk.open(path)
  if (!isStill(await file.stat(), entry)) throw changing(path)
  const digests = await hashFile(
    file,
    entry.stat.size,
    algorithms.filter((algorithm) => algorithm !== 'sha256'),
    signal,
  )
  if (!isStill(await file.stat(), entry)) throw changing(path)
  return digests
}

function changing(path: string): DiskError {
  return new DiskError('missing', path, 'changed while it was read')
}

/** Nothing vouches for the object's content: it is read, once, rather than asked about. */
export async function hashRemote(
  { provider }: Pick<GatherContext, 'provider'>,
  { key, version, size }: RemoteEntry,
  signal: AbortSignal,
): Promise<string> {
  const { body } = await provider.read(key, { signal, version })
  const hasher = createHash('sha256')
  for await (const chunk of body) {
    if (chunk.length === size && size <= SMALL_FILE) return sha256Of(chunk)
    hasher.update(chunk)
  }
  return hasher.digest('hex')
}
