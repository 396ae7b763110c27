import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { type ByteSource, StorageError } from '@lsync/core/provider'

/**
 * The bytes of a source on their way, checked against what it announces. The last ones are held back until that is done: Azure knows no SHA-256,
 * and must not get a body whole that is not the right one.
 */
export function bodyOf(key: string, source: ByteSource, signal: AbortSignal) {
  const broken = new AbortController()
  let failure: unknown
  async function* bytes(): AsyncIterable<Uint8Array> {
    const hash = createHash('sha256')
    let size = 0
    let held: Uint8Array | undefined
    for await (const chunk of source.open(0, signal)) {
      hash.update(chunk)
      size += chunk.length
      if (held !== undefined) yield held
      held = chunk
    }
    const { sha256 } = source.digests
    if (size !== source.size || (sha256 !== undefined && sha256 !== hash.digest('hex')))
      throw new StorageError('bad-digest', `the bytes are not what was announced: ${key}`, { key })
    if (held !== undefined) yield held
  }
  return {
    stream: () =>
      Readable.from(bytes(), { objectMode: false }).on('error', (error) => {
        failure = error
        broken.abort()
      }),
    /** Why the stream gave up, if it did. */
    failure: () => failure,
    /** Aborted when the source fails, too: a request whose body broke off would wait for the rest. */
    signal: AbortSignal.any([signal, broken.signal]),
  }
}
