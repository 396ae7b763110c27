import {
  type CallOptions,
  type History,
  isStorageError,
  StorageError,
  type Version,
} from '@lsync/core/provider'
import { comingRound } from '@lsync/http'
import { readObject } from './reading.ts'
import type { Requester } from './request.ts'
import { bareEtag, decodeKey, textOf } from './xml.ts'

/** Of a bucket that keeps versions. S3 names them by an id of its own; which one has an ETag, only a listing of the key's versions tells. */
export function historyOf(requester: Requester, prefix: string): History {
  return {
    async read(key, { signal, version }) {
      const id = await idOf(requester, prefix + key, version, { signal })
      if (id === undefined) throw new StorageError('not-found', `no such version: ${key}`, { key })
      try {
        return await readObject(requester, key, { signal, version }, id)
      } catch (error) {
        // The name is known, the condition is not met: it is no version that could be asked for.
        if (isStorageError(error) && error.code === 'precondition-failed')
          throw new StorageError('not-found', `no such version: ${key}`, { key, cause: error })
        throw error
      }
    },
  }
}

async function idOf(
  requester: Requester,
  key: string,
  version: Version,
  { signal }: CallOptions,
): Promise<string | undefined> {
  const comesRound = comingRound()
  let markers: Readonly<Record<string, string>> = {}
  for (;;) {
    const xml = await requester.text({
      method: 'GET',
      query: { versions: '', prefix: key, 'encoding-type': 'url', 'max-keys': '1000', ...markers },
      signal,
    })
    const url = textOf(frameOf(xml), 'EncodingType') === 'url'
    for (const item of xml.split('<Version>').slice(1)) {
      const found = textOf(item, 'Key') ?? ''
      // In the order of the keys: behind this one come those that it begins.
      if ((url ? decodeKey(found) : found) !== key) return undefined
      if (bareEtag(textOf(item, 'ETag') ?? '') === version) return textOf(item, 'VersionId')
    }
    const [keyMarker, versionMarker] = [
      textOf(frameOf(xml), 'NextKeyMarker'),
      textOf(frameOf(xml), 'NextVersionIdMarker'),
    ]
    if (textOf(frameOf(xml), 'IsTruncated') !== 'true' || keyMarker === undefined) return undefined
    if (comesRound(`${versionMarker} ${keyMarker}`))
      throw new StorageError('unexpected', `the bucket lists the versions of ${key} in circles`, {
        key,
      })
    markers = {
      'key-marker': url ? decodeKey(keyMarker) : keyMarker,
      ...(versionMarker === undefined ? {} : { 'version-id-marker': versionMarker }),
    }
  }
}

/** What is said of the page as a whole. */
function frameOf(xml: string): string {
  const first = xml.search(/<(?:Version|DeleteMarker|CommonPrefixes)>/)
  const last = Math.max(
    ...['</Version>', '</DeleteMarker>', '</CommonPrefixes>'].map((end) => xml.lastIndexOf(end)),
  )
  return first < 0 ? xml : xml.slice(0, first) + xml.slice(last)
}
