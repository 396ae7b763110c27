import { hash } from 'node:crypto'
import type { S3Client } from '@aws-sdk/client-s3'
import {
  type ByteRange,
  type CallOptions,
  type Expect,
  isStorageError,
  type ObjectMetadata,
  type PendingUpload,
  StorageError,
} from '@lsync/core/provider'
import { comingRound } from '@lsync/http'
import { answerError, sdkError } from './errors.ts'
import { metadataHeaders } from './metadata.ts'
import { PATIENCE } from './patience.ts'
import type { Requester } from './request.ts'
import { encodePath, type Place } from './url.ts'
import { bareEtag, textOf } from './xml.ts'
import { conditionHeaders } from './writing.ts'

/** One upload in parts, as S3 knows it. */
export interface UploadName {
  readonly key: string
  readonly uploadId: string
}

interface NewUpload extends CallOptions {
  readonly metadata: ObjectMetadata
  /** Each part is to carry its own: said at the beginning. */
  readonly checksums: boolean
}

/** One of its parts, counted from 1. */
export interface PartName extends UploadName {
  readonly number: number
}

/** What a part is copied from: all bytes of one version of an object, or those of a range, whose end is exclusive. */
export interface CopySource {
  readonly key: string
  readonly version: string
  readonly range?: ByteRange
}

/** A part that the store has. */
export interface Part {
  readonly number: number
  readonly etag: string
  readonly size: number
  /** As the store gives it, base64; absent where it keeps none. */
  readonly crc32?: string
}

/** Ceph's gateway calls an upload that it does not know a missing key. */
function lostIfMissing(key: string, error: unknown): unknown {
  return isStorageError(error) && error.code === 'not-found'
    ? new StorageError('upload-lost', error.message, { key, cause: error })
    : error
}

/** The requests around uploads in parts, one attempt each, errors in our words; the rare ones by the SDK, which takes its time to load. */
export class Multipart {
  readonly #client: () => Promise<S3Client>
  readonly #requester: Requester
  readonly #place: Place
  readonly #extra: Readonly<Record<string, string>>

  /** `extra`: storage class and encryption. */
  constructor(
    client: () => Promise<S3Client>,
    requester: Requester,
    place: Place,
    extra: Readonly<Record<string, string>>,
  ) {
    this.#client = client
    this.#requester = requester
    this.#place = place
    this.#extra = extra
  }

  async create(key: string, { metadata, checksums, signal }: NewUpload): Promise<UploadName> {
    // Not by the SDK: metadata and settings go into the same headers as with a write in one piece.
    const answer = await this.#requester.text({
      method: 'POST',
      key,
      query: { uploads: '' },
      headers: {
        ...metadataHeaders(metadata),
        ...this.#extra,
        ...(checksums ? { 'x-amz-checksum-algorithm': 'CRC32' } : {}),
      },
      length: 0,
      signal,
    })
    const uploadId = textOf(answer, 'UploadId')
    if (uploadId === undefined || uploadId === '')
      throw new StorageError('unexpected', `the store began no upload: ${key}`, { key })
    return { key, uploadId }
  }

  /** `upload-lost` if the store has forgotten the upload. */
  async listParts(name: UploadName, { signal }: CallOptions): Promise<readonly Part[]> {
    const parts: Part[] = []
    let PartNumberMarker: string | undefined
    const comesRound = comingRound()
    for (;;) {
      const page = await this.#call(name.key, signal, async (s3, { ListPartsCommand }) =>
        s3.send(
          new ListPartsCommand({
            ...this.#target(name),
            ...(PartNumberMarker === undefined ? {} : { PartNumberMarker }),
          }),
          { abortSignal: signal },
        ),
      ).catch((error: unknown) => {
        throw lostIfMissing(name.key, error)
      })
      for (const { PartNumber, ETag, Size, ChecksumCRC32 } of page.Parts ?? [])
        if (PartNumber !== undefined && ETag !== undefined && Size !== undefined)
          parts.push({
            number: PartNumber,
            etag: bareEtag(ETag),
            size: Size,
            ...(ChecksumCRC32 === undefined ? {} : { crc32: ChecksumCRC32 }),
          })
      if (page.IsTruncated !== true) return parts
      if (page.NextPartNumberMarker === undefined || comesRound(page.NextPartNumberMarker))
        throw new StorageError('unexpected', `the store lists the parts of ${name.key} in circles`)
      PartNumberMarker = page.NextPartNumberMarker
    }
  }

  /** Copies bytes of another object into a part, if that is still this version. Returns the ETag of the part, empty if the store does not tell it. */
  async copyPart(
    name: PartName,
    { key, version, range }: CopySource,
    { signal }: CallOptions,
  ): Promise<string> {
    const { bucket, prefix } = this.#place
    const answer = await this.#call(name.key, signal, async (s3, { UploadPartCopyCommand }) =>
      s3.send(
        new UploadPartCopyCommand({
          ...this.#target(name),
          PartNumber: name.number,
          CopySource: encodePath(`${bucket}/${prefix}${key}`),
          CopySourceIfMatch: `"${version}"`,
          ...(range === undefined
            ? {}
            : { CopySourceRange: `bytes=${range.from}-${range.to - 1}` }),
        }),
        { abortSignal: signal },
      ),
    )
    return bareEtag(answer.CopyPartResult?.ETag ?? '')
  }

  /** Makes the object of its parts, under the condition. Returns its ETag, empty if the store does not tell it. */
  async complete(
    name: UploadName,
    parts: readonly Omit<Part, 'size'>[],
    { expect, signal }: CallOptions & { readonly expect: Expect },
  ): Promise<string> {
    const { key } = name
    const body = Buffer.from(completion(parts))
    try {
      const answer = await this.#requester.text({
        method: 'POST',
        key,
        query: { uploadId: name.uploadId },
        headers: { 'content-type': 'application/xml', ...conditionHeaders(expect) },
        body,
        length: body.length,
        sha256: hash('sha256', body),
        patience: PATIENCE,
        signal,
      })
      // Servers begin to answer before they know the end: a failure may come under the status of a success.
      if (!answer.includes('<CompleteMultipartUploadResult')) throw failedEnd(key, answer)
      return bareEtag(textOf(answer, 'ETag') ?? '')
    } catch (error) {
      if (!isStorageError(error)) throw error
      // S3 says of a conflict at the end of an upload that its parts must all be sent again.
      if (error.code === 'busy')
        throw new StorageError('upload-lost', error.message, { key, cause: error })
      // S3 answers 404 to a condition on what is gone.
      if (error.code === 'not-found')
        throw new StorageError('precondition-failed', `it is gone: ${key}`, { key, cause: error })
      throw error
    }
  }

  /** Idempotent. */
  async abort(name: UploadName, { signal }: CallOptions): Promise<void> {
    try {
      await this.#call(name.key, signal, async (s3, { AbortMultipartUploadCommand }) =>
        s3.send(new AbortMultipartUploadCommand(this.#target(name)), { abortSignal: signal }),
      )
    } catch (error) {
      if (!isStorageError(error) || (error.code !== 'upload-lost' && error.code !== 'not-found'))
        throw error
    }
  }

  async *listUploads({ signal }: CallOptions): AsyncIterable<PendingUpload> {
    const { bucket, prefix } = this.#place
    let KeyMarker: string | undefined
    let UploadIdMarker: string | undefined
    const comesRound = comingRound()
    for (;;) {
      const page = await this.#call('', signal, async (s3, { ListMultipartUploadsCommand }) =>
        s3.send(
          new ListMultipartUploadsCommand({
            Bucket: bucket,
            Prefix: prefix,
            ...(KeyMarker === undefined ? {} : { KeyMarker }),
            ...(UploadIdMarker === undefined ? {} : { UploadIdMarker }),
          }),
          { abortSignal: signal },
        ),
      )
      for (const { Key, UploadId, Initiated } of page.Uploads ?? [])
        if (Key?.startsWith(prefix) === true && UploadId !== undefined) {
          const key = Key.slice(prefix.length)
          yield {
            key,
            token: { key, uploadId: UploadId },
            ...(Initiated === undefined ? {} : { begun: Initiated.getTime() }),
          }
        }
      const { IsTruncated, NextKeyMarker, NextUploadIdMarker } = page
      if (IsTruncated !== true) return
      if (NextKeyMarker === undefined || comesRound(`${NextUploadIdMarker} ${NextKeyMarker}`))
        throw new StorageError('unexpected', `the store lists unfinished uploads in circles`)
      KeyMarker = NextKeyMarker
      UploadIdMarker = NextUploadIdMarker
    }
  }

  #target({ key, uploadId }: UploadName) {
    return { Bucket: this.#place.bucket, Key: this.#place.prefix + key, UploadId: uploadId }
  }

  async #call<T>(
    key: string,
    signal: AbortSignal,
    operation: (s3: S3Client, sdk: typeof import('@aws-sdk/client-s3')) => Promise<T>,
  ): Promise<T> {
    signal.throwIfAborted()
    try {
      return await operation(await this.#client(), await import('@aws-sdk/client-s3'))
    } catch (error) {
      signal.throwIfAborted()
      throw sdkError(key, this.#requester.host, error)
    }
  }
}

function completion(parts: readonly Omit<Part, 'size'>[]): string {
  const lines = parts
    .toSorted((a, b) => a.number - b.number)
    .map(({ number, etag, crc32 }) => {
      const checksum = crc32 === undefined ? '' : `<ChecksumCRC32>${crc32}</ChecksumCRC32>`
      return `<Part><PartNumber>${number}</PartNumber><ETag>&quot;${escapeText(etag)}&quot;</ETag>${checksum}</Part>`
    })
  return `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${lines.join('')}</CompleteMultipartUpload>`
}

function failedEnd(key: string, answer: string): StorageError {
  if (!answer.includes('<Error>'))
    return new StorageError(
      'network',
      `the answer to the end of the upload of ${key} is not whole`,
      {
        key,
      },
    )
  return answerError(key, {
    status: 500,
    code: textOf(answer, 'Code'),
    message: textOf(answer, 'Message'),
    retryAfter: undefined,
  })
}

function escapeText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
