import { BlobServiceClient } from '@azure/storage-blob'
import {
  type Expect,
  isStorageError,
  type OpenOptions,
  StorageError,
  type StorageProvider,
} from '@lsync/core/provider'
import { bodyOf } from './body.ts'
import { translate, translated } from './errors.ts'
import { listBlobs } from './listing.ts'
import { fromAzure, infoOf, toAzure } from './metadata.ts'
import { blobName, type Place } from './url.ts'

/** Opens the container and looks if it is there. */
export async function openContainer(
  { container: name, prefix }: Place,
  { signal, environment }: OpenOptions,
): Promise<StorageProvider> {
  const container = serviceOf(environment).getContainerClient(name)
  const blob = (key: string) => container.getBlockBlobClient(blobName(prefix, key))
  await translated(signal, undefined, () =>
    container.listBlobsFlat({ prefix, abortSignal: signal }).byPage({ maxPageSize: 1 }).next(),
  )

  return {
    // Azure checks a condition and acts in one step. Copies and uploads in parts are not offered: those members are missing below.
    guarantees: {
      create: 'atomic',
      replace: 'atomic',
      remove: 'atomic',
      commit: 'none',
      copy: 'none',
    },
    listsFolders: true,

    list: (range, options) => listBlobs(container, prefix, range, options),

    async head(key, options) {
      try {
        const answer = await translated(options.signal, key, () =>
          blob(key).getProperties({ abortSignal: options.signal }),
        )
        return { ...infoOf(key, answer.contentLength ?? 0, answer), metadata: fromAzure(answer) }
      } catch (error) {
        if (isStorageError(error) && error.code === 'not-found') return undefined
        throw error
      }
    },

    async read(key, { signal: stop, version, from = 0, length }) {
      const answer = await translated(stop, key, () =>
        blob(key).download(from, length, {
          abortSignal: stop,
          ...(version === undefined ? {} : { conditions: { ifMatch: `"${version}"` } }),
          maxRetryRequests: 0,
        }),
      )
      const size = Number(/\/(\d+)$/.exec(answer.contentRange ?? '')?.[1] ?? answer.contentLength)
      const info = { ...infoOf(key, size, answer), metadata: fromAzure(answer) }
      return { info, body: chunks(answer.readableStreamBody, stop, key) }
    },

    async write(key, source, { signal: stop, expect, metadata }) {
      stop.throwIfAborted()
      const body = bodyOf(key, source, stop)
      const answer = await translated(stop, key, async () => {
        try {
          return await blob(key).upload(body.stream, source.size, {
            abortSignal: body.signal,
            conditions: conditionsOf(expect),
            ...toAzure(metadata),
          })
        } catch (error) {
          throw body.failure() ?? error
        }
      })
      return infoOf(key, source.size, answer)
    },

    async remove(key, { signal: stop, expect }) {
      await translated(stop, key, () =>
        blob(key).delete({ abortSignal: stop, conditions: { ifMatch: `"${expect}"` } }),
      )
    },

    async [Symbol.asyncDispose]() {},
  }
}

/** From the environment alone: secrets never stand in a repository. */
function serviceOf(environment: OpenOptions['environment']): BlobServiceClient {
  const connection = environment['AZURE_STORAGE_CONNECTION_STRING'] ?? ''
  try {
    // One attempt per call: core retries.
    return BlobServiceClient.fromConnectionString(connection, { retryOptions: { maxTries: 1 } })
  } catch {
    throw new StorageError('unauthenticated', 'set AZURE_STORAGE_CONNECTION_STRING')
  }
}

function conditionsOf(expect: Expect) {
  return expect.kind === 'absent' ? { ifNoneMatch: '*' } : { ifMatch: `"${expect.version}"` }
}

async function* chunks(
  stream: NodeJS.ReadableStream | undefined,
  signal: AbortSignal,
  key: string,
): AsyncIterable<Uint8Array> {
  try {
    for await (const chunk of stream ?? []) yield chunk as Buffer
  } catch (error) {
    throw translate(error, signal, key)
  }
}
