import {
  bytesSource,
  type CallOptions,
  type Digests,
  type Expect,
  isStorageError,
  type ObjectInfo,
  type StorageProvider,
} from '../provider/index.ts'
import { sha256Of } from '../scan/hash.ts'

const READS = 3
/** They are a handful of lines each; what is longer is none of them, and no reason to fill the memory. */
export const LONGEST = 16_384

/** The text of one of lsync's own objects on the remote; undefined if there is none. Of what is too long for one the text is empty, and so nothing that makes sense. */
export async function readSmallObject(
  provider: StorageProvider,
  key: string,
  signal: AbortSignal,
): Promise<{ readonly text: string; readonly info: ObjectInfo } | undefined> {
  for (let attempt = 1; ; attempt++) {
    let bytes: Buffer
    let info: ObjectInfo
    let digests: Digests
    try {
      const answer = await provider.read(key, { signal })
      info = answer.info
      digests = info.digests
      const chunks: Uint8Array[] = []
      let length = 0
      for await (const chunk of answer.body) {
        length += chunk.length
        if (length > LONGEST) return { text: '', info }
        chunks.push(chunk)
      }
      bytes = Buffer.concat(chunks)
    } catch (error) {
      if (isStorageError(error) && error.code === 'not-found') return undefined
      throw error
    }
    // A byte that was damaged on the way could make something else of it.
    if (attempt === READS || digests.sha256 === undefined || digests.sha256 === sha256Of(bytes))
      return { text: bytes.toString(), info }
  }
}

/** Writes one of lsync's own objects. Its digest stands in its metadata, too: after a lost answer that alone may tell it from another client's. */
export function writeSmallObject(
  provider: StorageProvider,
  key: string,
  text: string,
  { expect, signal }: CallOptions & { readonly expect: Expect },
): Promise<ObjectInfo> {
  const source = textSource(text)
  const user = { sha256: source.digests.sha256 }
  return provider.write(key, source, {
    signal,
    expect,
    metadata: { user, contentType: 'application/yaml' },
  })
}

/** With the digest that lets the store check them. */
export function checkedSource(bytes: Uint8Array) {
  const digests = { sha256: sha256Of(bytes) }
  return { ...bytesSource(bytes, digests), digests }
}

export function textSource(text: string) {
  return checkedSource(new TextEncoder().encode(text))
}
