import { createHash } from 'node:crypto'
import type { S3Client } from '@aws-sdk/client-s3'
import {
  type ByteRange,
  type CallOptions,
  type Expect,
  isStorageError,
  type ObjectInfo,
  type ObjectMetadata,
  StorageError,
  type UploadSession,
  type Uploads,
  type UploadToken,
} from '@lsync/core/provider'
import { sdkError } from './errors.ts'
import { headObject } from './operations.ts'
import { partSizeFor, WORTHWHILE } from './parts.ts'
import type { Requester } from './request.ts'
import type { Place } from './url.ts'
import { bareEtag } from './xml.ts'

export interface UploadContext {
  readonly requester: Requester
  readonly client: () => Promise<S3Client>
  readonly place: Place
  readonly extra: Readonly<Record<string, string>>
  /** Metadata of a write as the SDK wants it. */
  readonly headersOf: (metadata: ObjectMetadata) => Readonly<Record<string, string>>
}

/** Uploads in parts: the parts by lean requests (their bytes are signed, so the store checks them), begin and end by the SDK. */
export function uploadsOf(context: UploadContext): Uploads {
  const { requester, client, place, extra } = context
  const call = async <T>(
    key: string,
    { signal }: CallOptions,
    operation: (s3: S3Client) => Promise<T>,
  ): Promise<T> => {
    signal.throwIfAborted()
    try {
      return await operation(await client())
    } catch (error) {
      signal.throwIfAborted()
      throw sdkError(key, requester.host, error)
    }
  }

  return {
    worthwhile: WORTHWHILE,

    async begin(key, { signal, size, expect, metadata }) {
      const { CreateMultipartUploadCommand } = await import('@aws-sdk/client-s3')
      const headers = { ...context.headersOf(metadata), ...extra }
      const { UploadId } = await call(key, { signal }, (s3) =>
        s3.send(
          new CreateMultipartUploadCommand({
            Bucket: place.bucket,
            Key: place.prefix + key,
            Metadata: metaOf(headers),
            ...contentOf(metadata),
            ...encryptionOf(extra),
          }),
          { abortSignal: signal },
        ),
      )
      if (UploadId === undefined)
        throw new StorageError('unexpected', `the store began no upload: ${key}`, { key })
      return session({ key, uploadId: UploadId, size, ...tokenOf(expect) })
    },

    async resume(token, options) {
      const resumed = session(token)
      // `upload-lost` if the store has forgotten it.
      await resumed.missing(options)
      return resumed
    },

    async *listPending({ signal }) {
      const { ListMultipartUploadsCommand } = await import('@aws-sdk/client-s3')
      let KeyMarker: string | undefined
      let UploadIdMarker: string | undefined
      for (;;) {
        const page = await call('', { signal }, (s3) =>
          s3.send(
            new ListMultipartUploadsCommand({
              Bucket: place.bucket,
              Prefix: place.prefix,
              ...(KeyMarker === undefined ? {} : { KeyMarker }),
              ...(UploadIdMarker === undefined ? {} : { UploadIdMarker }),
            }),
            { abortSignal: signal },
          ),
        )
        for (const { Key, UploadId, Initiated } of page.Uploads ?? [])
          if (Key !== undefined && UploadId !== undefined)
            yield {
              key: Key.slice(place.prefix.length),
              token: { key: Key.slice(place.prefix.length), uploadId: UploadId },
              begun: Initiated?.getTime() ?? 0,
            }
        if (page.IsTruncated !== true) return
        KeyMarker = page.NextKeyMarker
        UploadIdMarker = page.NextUploadIdMarker
      }
    },
  }

  function session(token: UploadToken): UploadSession {
    const key = String(token['key'])
    const uploadId = String(token['uploadId'])
    const size = Number(token['size'])
    const partSize = partSizeFor(size)
    const target = { Bucket: place.bucket, Key: place.prefix + key, UploadId: uploadId }
    const etags = new Map<number, string>()

    const listParts = async (options: CallOptions): Promise<void> => {
      const { ListPartsCommand } = await import('@aws-sdk/client-s3')
      let PartNumberMarker: string | undefined
      for (;;) {
        const page = await call(key, options, (s3) =>
          s3.send(
            new ListPartsCommand({
              ...target,
              ...(PartNumberMarker === undefined ? {} : { PartNumberMarker }),
            }),
            { abortSignal: options.signal },
          ),
        )
        for (const { PartNumber = 0, ETag = '', Size } of page.Parts ?? [])
          if (Size === lengthOf(PartNumber)) etags.set(PartNumber, bareEtag(ETag))
        if (page.IsTruncated !== true) return
        PartNumberMarker = page.NextPartNumberMarker
      }
    }
    /** What stands there now, with its exact time. */
    const confirm = async (etag: string, options: CallOptions): Promise<ObjectInfo> => {
      const info = await headObject(requester, key, options)
      if (info === undefined || (etag !== '' && info.version !== etag))
        throw new StorageError('network', `${key} was replaced right after its upload`, { key })
      return info
    }
    const lengthOf = (number: number): number => Math.min(partSize, size - (number - 1) * partSize)

    return {
      token,
      partSize,
      parallel: true,
      async missing(options) {
        await listParts(options)
        const count = Math.max(1, Math.ceil(size / partSize))
        const ranges: ByteRange[] = []
        for (let number = 1; number <= count; number++)
          if (!etags.has(number))
            ranges.push({
              from: (number - 1) * partSize,
              to: (number - 1) * partSize + lengthOf(number),
            })
        return ranges
      },
      async put({ from, to }, source, { signal }) {
        const number = Math.floor(from / partSize) + 1
        const chunks: Uint8Array[] = []
        for await (const chunk of source.open(0, signal)) chunks.push(chunk)
        const bytes = Buffer.concat(chunks)
        if (bytes.length !== to - from)
          throw new StorageError(
            'bad-digest',
            `${key}: a part has ${bytes.length} bytes, not ${to - from}`,
            { key },
          )
        const { headers } = await requester.sendOnly({
          method: 'PUT',
          key,
          query: { partNumber: String(number), uploadId },
          body: bytes,
          length: bytes.length,
          sha256: createHash('sha256').update(bytes).digest('hex'),
          signal,
        })
        etags.set(number, bareEtag(String(headers['etag'] ?? '')))
      },
      async commit(options) {
        const { CompleteMultipartUploadCommand } = await import('@aws-sdk/client-s3')
        const Parts = [...etags]
          .toSorted(([a], [b]) => a - b)
          .map(([PartNumber, ETag]) => ({ PartNumber, ETag: `"${ETag}"` }))
        let etag: string | undefined
        try {
          const answer = await call(key, options, (s3) =>
            s3.send(
              new CompleteMultipartUploadCommand({
                ...target,
                MultipartUpload: { Parts },
                ...conditionOf(token),
              }),
              { abortSignal: options.signal },
            ),
          )
          etag = answer.ETag
        } catch (error) {
          if (!isStorageError(error)) throw error
          // The parts are gone after this: they must all be sent again.
          if (error.code === 'busy')
            throw new StorageError('upload-lost', error.message, { key, cause: error })
          if (error.code === 'not-found')
            throw new StorageError('precondition-failed', `it is gone: ${key}`, {
              key,
              cause: error,
            })
          throw error
        }
        return confirm(bareEtag(etag ?? ''), options)
      },
      async abort(options) {
        const { AbortMultipartUploadCommand } = await import('@aws-sdk/client-s3')
        try {
          await call(key, options, (s3) =>
            s3.send(new AbortMultipartUploadCommand(target), { abortSignal: options.signal }),
          )
        } catch (error) {
          if (
            !isStorageError(error) ||
            (error.code !== 'upload-lost' && error.code !== 'not-found')
          )
            throw error
        }
      },
    }
  }
}

function tokenOf(expect: Expect): Record<string, string> {
  return expect.kind === 'absent'
    ? { expect: 'absent' }
    : { expect: 'version', version: expect.version }
}

function conditionOf(token: UploadToken): { IfNoneMatch?: string; IfMatch?: string } {
  return token['expect'] === 'absent'
    ? { IfNoneMatch: '*' }
    : { IfMatch: `"${String(token['version'])}"` }
}

function metaOf(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      name.startsWith('x-amz-meta-') ? [[name.slice(11), value]] : [],
    ),
  )
}

function contentOf(metadata: ObjectMetadata) {
  const { contentType, cacheControl, contentDisposition, contentEncoding, contentLanguage } =
    metadata
  return {
    ...(contentType === undefined ? {} : { ContentType: contentType }),
    ...(cacheControl === undefined ? {} : { CacheControl: cacheControl }),
    ...(contentDisposition === undefined ? {} : { ContentDisposition: contentDisposition }),
    ...(contentEncoding === undefined ? {} : { ContentEncoding: contentEncoding }),
    ...(contentLanguage === undefined ? {} : { ContentLanguage: contentLanguage }),
  }
}

function encryptionOf(extra: Readonly<Record<string, string>>) {
  const storageClass = extra['x-amz-storage-class']
  const encryption = extra['x-amz-server-side-encryption']
  const key = extra['x-amz-server-side-encryption-aws-kms-key-id']
  return {
    ...(storageClass === undefined ? {} : { StorageClass: storageClass as never }),
    ...(encryption === undefined ? {} : { ServerSideEncryption: encryption as never }),
    ...(key === undefined ? {} : { SSEKMSKeyId: key }),
  }
}
