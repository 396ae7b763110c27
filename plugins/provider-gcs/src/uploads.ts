import { type Digests, StorageError, type Uploads } from '@lsync/core/provider'
import { resourceOf, WRITTEN_FIELDS } from './info.ts'
import { Session } from './upload-session.ts'
import { conditionOf, goneIsOther, keyQuery, type Writing } from './writing.ts'

/** From this size on files go up in parts. */
const WORTHWHILE = 16 * 1024 * 1024

/**
 * Resumable upload sessions. Their parts go one after the other, and the last of them makes the object; since that is for the commit to do, the
 * end of the file below a multiple of 256 KiB waits in memory for it. Sessions cannot be listed: Google drops them after a week.
 */
export function uploadsOf(writing: Writing): Uploads {
  return {
    worthwhile: WORTHWHILE,
    async begin(key, { signal, size, digests, expect, metadata }) {
      const { requester, store } = writing
      const response = await requester
        .sendOnly({
          method: 'POST',
          path: requester.uploads(),
          key,
          query: {
            uploadType: 'resumable',
            name: requester.name(key),
            fields: WRITTEN_FIELDS,
            ...conditionOf(key, expect),
            ...keyQuery(store),
          },
          headers: { 'content-type': 'application/json; charset=UTF-8' },
          body: JSON.stringify({
            ...resourceOf(metadata, store.storageClass),
            ...checksumOf(digests),
          }),
          signal,
        })
        .catch((error: unknown) => {
          throw goneIsOther(key, expect, error)
        })
      const { location: told } = response.headers
      const location = typeof told === 'string' ? URL.parse(told, 'https://any') : null
      if (location === null)
        throw new StorageError('unexpected', `the store began no upload: ${key}`, { key })
      const { sha256 } = digests
      return new Session(writing, {
        key,
        session: location.pathname + location.search,
        size,
        ...(sha256 === undefined ? {} : { sha256 }),
      })
    },
    async resume(token, options) {
      const session = new Session(writing, token)
      // `upload-lost` if the store has forgotten it.
      await session.ask(options)
      return session
    },
    async *listPending() {},
  }
}

function checksumOf({ crc32c }: Digests): { readonly crc32c?: string } {
  return crc32c === undefined ? {} : { crc32c: Buffer.from(crc32c, 'hex').toString('base64') }
}
