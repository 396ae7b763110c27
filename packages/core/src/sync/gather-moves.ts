import { comparable, sameContent } from '../decide/evidence.ts'
import type { Candidate, MoveAnswers, MoveQuestions } from '../decide/moves.ts'
import { problemOf } from '../execute/consequence.ts'
import { runPool } from '../execute/pool.ts'
import type { LocalEntry, RemoteEntry } from '../model/entry.ts'
import { readMetadata } from '../model/metadata.ts'
import type { Digests } from '../provider/index.ts'
import { type GatherContext, hashLocal, hashRemote } from './gather.ts'

/**
 * Finds out which additions hold the content of removals. What cannot be read is no answer: a removal and an addition are what is left of
 * the move then, and each is safe by itself.
 */
export async function gatherMoves(
  context: GatherContext,
  { hash, compare }: MoveQuestions,
): Promise<MoveAnswers> {
  const hashes = new Map<string, string>()
  const proved = new Map<string, { readonly sha256: string; readonly remote: RemoteEntry }>()
  let files = 0
  let bytes = 0
  const ask = async (path: string, question: () => Promise<void>): Promise<void> => {
    try {
      await question()
    } catch (error) {
      context.signal.throwIfAborted()
      if (problemOf(path, error) === undefined) throw error
    }
  }
  const digestsOf = async (
    path: string,
    from: LocalEntry,
    algorithms: readonly (keyof Digests)[],
    signal: AbortSignal,
  ): Promise<Digests> => {
    const digests = await hashLocal(context, path, from, algorithms, signal)
    bytes += from.stat.size
    context.onEvent({ type: 'hashed', files: ++files, bytes })
    return digests
  }
  await runPool(hash, context.jobs, context.signal, ({ path, from }, signal) =>
    ask(path, async () => {
      const { sha256 } = await digestsOf(path, from, [], signal)
      if (sha256 !== undefined) hashes.set(path, sha256)
    }),
  )
  const known = new Map<string, Promise<Digests>>()
  await runPool(compare, context.jobs, context.signal, ({ remote, candidates }, signal) =>
    ask(remote.key, async () => {
      const now = await context.provider.head(remote.key, { signal })
      if (now === undefined || now.version !== remote.version) return
      if (readMetadata(now.metadata).link) return
      const sha256 = await contentAmong(now, candidates, signal)
      if (sha256 !== undefined) proved.set(remote.key, { sha256, remote: now })
    }),
  )
  return { hashes, proved }

  /** The content of the object, if it is proved to be that of a candidate. */
  async function contentAmong(
    remote: RemoteEntry,
    candidates: readonly Candidate[],
    signal: AbortSignal,
  ): Promise<string | undefined> {
    // What a writer claimed in metadata proves nothing; it spares the reading of what it rules out.
    const claimed = remote.digests.sha256 ?? readMetadata(remote.metadata).sha256
    const likely = distinct(
      candidates.filter(({ sha256 }) => claimed === undefined || sha256 === claimed),
    )
    if (likely.length === 0) return undefined
    if (remote.digests.sha256 !== undefined) return remote.digests.sha256
    const algorithms = comparable(remote.digests)
    if (algorithms.length === 0) {
      const sha256 = await hashRemote(context, remote, signal)
      return likely.some((candidate) => candidate.sha256 === sha256) ? sha256 : undefined
    }
    for (const { path, from, sha256 } of likely) {
      const name = `${algorithms.join()} ${path}`
      let digests = known.get(name)
      if (digests === undefined) {
        digests = digestsOf(path, from, algorithms, signal)
        known.set(name, digests)
      }
      const found = await digests
      if (found.sha256 === sha256 && sameContent(found, remote.digests) === true) return sha256
    }
    return undefined
  }
}

/** One of each content. */
function distinct(candidates: readonly Candidate[]): readonly Candidate[] {
  return [...new Map(candidates.map((candidate) => [candidate.sha256, candidate])).values()]
}
