import { createHash } from 'node:crypto'
import { type Checksum, checksumOf } from './checksums.ts'
import { checkSource, checkWrite } from './conditions.ts'
import { type Context, type Handler, isoTime, quoted, xmlAnswer } from './context.ts'
import { invalidArgument, invalidRequest, noSuchKey } from './errors.ts'
import { checkKey, keptHeaders } from './object-headers.ts'
import { algorithmOf } from './objects.ts'
import { decode, type S3Request } from './request.ts'
import type { StoredObject } from './store.ts'
import { document } from './xml.ts'

/** Smaller sources may be copied whole only. */
const SMALLEST_RANGED = 5 * 1024 * 1024

interface Source {
  readonly name: string
  readonly object: StoredObject
}

function sourceOf({ store }: Context, { headers }: S3Request): Source {
  const header = headers['x-amz-copy-source'] ?? ''
  if (header.includes('?')) throw invalidArgument('x-amz-copy-source', header)
  const name = decode(header).replace(/^\//, '')
  const slash = name.indexOf('/')
  if (slash <= 0 || slash === name.length - 1) throw invalidArgument('x-amz-copy-source', header)
  const key = name.slice(slash + 1)
  const object = store.bucket(name.slice(0, slash)).get(key)
  if (object === undefined) throw noSuchKey(key)
  checkSource(headers, object)
  return { name, object }
}

export const copyObject: Handler = (context, request) => {
  const { key, headers } = request
  checkKey(key)
  const bucket = context.store.bucket(request.bucket)
  const { name, object } = sourceOf(context, request)
  const replaces = headers['x-amz-metadata-directive']?.toUpperCase() === 'REPLACE'
  if (!replaces && name === `${request.bucket}/${key}`)
    throw invalidRequest(
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata.",
    )
  if (context.honours.conditionalCopy) checkWrite(headers, key, bucket.get(key))
  const etag = createHash('md5').update(object.bytes).digest('hex')
  const modified = context.now()
  bucket.put(key, {
    bytes: object.bytes,
    etag,
    modified,
    headers: replaces ? keptHeaders(request) : object.headers,
    checksum: copiedChecksum(headers['x-amz-checksum-algorithm'], object),
  })
  return xmlAnswer(
    document('CopyObjectResult', [
      ['LastModified', isoTime(modified)],
      ['ETag', quoted(etag)],
    ]),
  )
}

/** A copy is one whole: the checksum of parts does not go along. */
function copiedChecksum(
  asked: string | undefined,
  { bytes, checksum }: StoredObject,
): Checksum | undefined {
  const algorithm = asked === undefined ? checksum?.algorithm : algorithmOf(asked)
  if (algorithm === undefined) return undefined
  return { algorithm, value: checksumOf(algorithm, bytes), type: 'FULL_OBJECT' }
}

/** The bytes of a part that come from another object. */
export function copiedBytes(context: Context, request: S3Request): Buffer {
  const { object } = sourceOf(context, request)
  const range = request.headers['x-amz-copy-source-range']
  if (range === undefined) return object.bytes
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? []
  const size = object.bytes.length
  const from = Number(first)
  const to = Number(last) + 1
  if (!(from < to && to <= size)) throw invalidArgument('x-amz-copy-source-range', range)
  if (size <= SMALLEST_RANGED)
    throw invalidRequest(
      'The specified copy source is not supported as a byte-range copy source: it is too small',
    )
  // A view would keep the whole source alive, and share it.
  return Buffer.from(object.bytes.subarray(from, to))
}
