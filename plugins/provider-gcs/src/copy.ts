import { isStorageError, StorageError, type StorageProvider } from '@lsync/core/provider'
import { listedInfo, resourceOf, WRITTEN_FIELDS } from './info.ts'
import { isGeneration, otherVersion } from './reading.ts'
import { conditionOf, type Writing } from './writing.ts'

/** Calls in a row that may bring a copy no further; each does what it can in some seconds. */
const MOST_IN_VAIN = 8

/**
 * A copy on the server, under conditions on both ends. A large one takes several calls, joined by a token: each carries all conditions and the
 * metadata, since it is the last one that makes the object.
 */
export function copyOf({ requester, store }: Writing): NonNullable<StorageProvider['copy']> {
  return async (from, to, { signal, expect, metadata }) => {
    if (!isGeneration(from.version)) throw otherVersion(from.key)
    const query = {
      ...conditionOf(to, expect),
      sourceGeneration: from.version,
      ifSourceGenerationMatch: from.version,
      fields: `done,rewriteToken,totalBytesRewritten,resource(${WRITTEN_FIELDS})`,
      ...(store.kmsKey === undefined ? {} : { destinationKmsKeyName: store.kmsKey }),
    }
    const body = JSON.stringify(resourceOf(metadata, store.storageClass))
    const path = `${requester.object(from.key)}/rewriteTo/b/${requester.place.bucket}/o/${requester.segment(to)}`
    let token: string | undefined
    let rewritten = 0
    let inVain = 0
    for (;;) {
      const answer = await call(token).catch((error: unknown) => {
        throw begunAnew(to, token, error)
      })
      if (answer.done === true) return listedInfo(to, answer.resource)
      if (typeof answer.rewriteToken !== 'string')
        throw new StorageError('unexpected', `${to}: a copy neither ends nor goes on`, { key: to })
      token = answer.rewriteToken
      const now = Number(answer.totalBytesRewritten ?? 0)
      inVain = now > rewritten ? 0 : inVain + 1
      rewritten = Math.max(rewritten, now)
      if (inVain === MOST_IN_VAIN)
        throw new StorageError('unsupported', `${to}: the store does not get on with a copy`, {
          key: to,
        })
    }

    async function call(rewriteToken: string | undefined): Promise<Rewritten> {
      const answer = await requester.json({
        method: 'POST',
        path,
        key: to,
        query: rewriteToken === undefined ? query : { ...query, rewriteToken },
        headers: { 'content-type': 'application/json; charset=UTF-8' },
        body,
        signal,
      })
      return answer ?? {}
    }
  }
}

interface Rewritten {
  readonly done?: unknown
  readonly rewriteToken?: unknown
  /** Of 64 bits: a string. */
  readonly totalBytesRewritten?: unknown
  readonly resource?: unknown
}

/** A token that the store has forgotten: nothing was made yet, and the next attempt begins without one. */
function begunAnew(key: string, token: string | undefined, error: unknown): unknown {
  return token !== undefined && isStorageError(error) && error.code === 'upload-lost'
    ? new StorageError('busy', error.message, { key, cause: error })
    : error
}
