import { comparable } from '../decide/evidence.ts'
import type { Candidate, Candidates, MoveAnswers, MoveQuestions } from '../decide/moves.ts'
import { problemOf } from '../execute/consequence.ts'
import { runPool } from '../execute/pool.ts'
import type { LocalEntry, RemoteEntry } from '../model/entry.ts'
import { readMetadata } from '../model/metadata.ts'
import type { DigestAlgorithm, Digests } from '../provider/index.ts'
import { type GatherContext, hashLocal, hashRemote } from './gather.ts'

/**
 * Finds out which additions hold the content of removals. What cannot be read is no answer: a removal and an addition are what is left of
 * the move then, and each is safe by itself.
 */
export async function gatherMoves(
  contents: Contents,
  { hash, compare }: MoveQuestions,
): Promise<MoveAnswers> {
  const { context } = contents
  const hashes = new Map<string, string>()
  const proved = new Map<string, { readonly sha256: string; readonly remote: RemoteEntry }>()
  await runPool(hash, context.jobs, context.signal, ({ path, from }, signal) =>
    contents.ask(path, async () => {
      const { sha256 } = await contents.digestsOf(path, from, [], signal)
      if (sha256 !== undefined) hashes.set(path, sha256)
    }),
  )
  await runPool(compare, context.jobs, context.signal, ({ remote, candidates }, signal) =>
    contents.ask(remote.key, async () => {
      const now = await contents.lookAt(remote.key, signal)
      if (now === undefined || now.version !== remote.version) return
      if (readMetadata(now.metadata).link) return
      const sha256 = await contents.contentAmong(now, candidates, signal)
      if (sha256 !== undefined) proved.set(remote.key, { sha256, remote: now })
    }),
  )
  return { hashes, proved }
}

/**
 * Reads what the questions are about, and counts it. One for each plan: what it has read once it remembers, since each time that something more is to be
 * kept the same is asked again.
 */
export class Contents {
  readonly context: GatherContext
  readonly #digests = new Map<string, Promise<Digests>>()
  readonly #heads = new Map<string, Promise<RemoteEntry | undefined>>()
  readonly #hashes = new Map<string, Promise<string>>()
  readonly #singles = new Map<Candidate, Candidates>()
  readonly #indexes = new Map<Candidates, Map<DigestAlgorithm, Promise<Index>>>()
  #files = 0
  #bytes = 0

  constructor(context: GatherContext) {
    this.context = context
  }

  /** A question about a path that cannot be read stays without an answer. */
  async ask(path: string, question: () => Promise<void>): Promise<void> {
    try {
      await question()
    } catch (error) {
      this.context.signal.throwIfAborted()
      if (problemOf(path, error) === undefined) throw error
    }
  }

  digestsOf(
    path: string,
    from: LocalEntry,
    algorithms: readonly (keyof Digests)[],
    signal: AbortSignal,
  ): Promise<Digests> {
    return once(this.#digests, [path, ...algorithms].join('\0'), async () => {
      const digests = await hashLocal(this.context, path, from, algorithms, signal)
      this.#bytes += from.stat.size
      this.context.onEvent({ type: 'hashed', files: ++this.#files, bytes: this.#bytes })
      return digests
    })
  }

  lookAt(key: string, signal: AbortSignal): Promise<RemoteEntry | undefined> {
    return once(this.#heads, key, () => this.context.provider.head(key, { signal }))
  }

  /** The content of the object, if it is proved to be that of a candidate. */
  async contentAmong(
    remote: RemoteEntry,
    candidates: Candidates,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    // What a writer claimed in metadata proves nothing; it spares the reading of what it rules out.
    const claimed = remote.digests.sha256 ?? readMetadata(remote.metadata).sha256
    const likely = claimed === undefined ? candidates : this.#only(claimed, candidates)
    if (likely === undefined) return undefined
    if (remote.digests.sha256 !== undefined) return remote.digests.sha256
    const algorithms = comparable(remote.digests)
    if (algorithms.length === 0) {
      const sha256 = await once(this.#hashes, remote.key, () =>
        hashRemote(this.context, remote, signal),
      )
      return likely.has(sha256) ? sha256 : undefined
    }
    for (const algorithm of algorithms) {
      const found = (await this.#indexOf(likely, algorithm, signal)).get(remote.digests[algorithm])
      if (found !== undefined) return found
    }
    return undefined
  }

  /** The same for all objects of one content. */
  #only(sha256: string, candidates: Candidates): Candidates | undefined {
    const candidate = candidates.get(sha256)
    if (candidate === undefined) return undefined
    const one = this.#singles.get(candidate) ?? new Map([[sha256, candidate]])
    this.#singles.set(candidate, one)
    return one
  }

  /** Each candidate is read once, however many objects are compared with it. */
  #indexOf(
    candidates: Candidates,
    algorithm: DigestAlgorithm,
    signal: AbortSignal,
  ): Promise<Index> {
    const ofThese = this.#indexes.get(candidates) ?? new Map<DigestAlgorithm, Promise<Index>>()
    this.#indexes.set(candidates, ofThese)
    const index = ofThese.get(algorithm) ?? this.#makeIndex(candidates, algorithm, signal)
    ofThese.set(algorithm, index)
    return index
  }

  async #makeIndex(
    candidates: Candidates,
    algorithm: DigestAlgorithm,
    signal: AbortSignal,
  ): Promise<Index> {
    const index = new Map<string | undefined, string>()
    for (const { path, from, sha256 } of candidates.values())
      await this.ask(path, async () => {
        const found = await this.digestsOf(path, from, [algorithm], signal)
        // Changed since it was recorded: then it is not what vanished.
        if (found.sha256 === sha256) index.set(found[algorithm], sha256)
      })
    return index
  }
}

/** Who asks for it first finds it out for all. */
function once<T>(known: Map<string, Promise<T>>, key: string, find: () => Promise<T>): Promise<T> {
  const found = known.get(key) ?? find()
  known.set(key, found)
  return found
}

/** From the digest of one algorithm to the sha256 of the same content. */
type Index = ReadonlyMap<string | undefined, string>
