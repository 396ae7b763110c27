import { randomUUID } from 'node:crypto'
import type { Answer } from '../faulty/answer.ts'
import { checkConditions } from './conditions.ts'
import type { Context, Handler } from './context.ts'
import { GcsError, invalid } from './errors.ts'
import { expectedOf, hashesOf, nameOf } from './objects.ts'
import type { GcsRequest } from './request.ts'
import { jsonAnswer, parseResource, resourceOf, settableOf } from './resources.ts'
import type { Bucket, StoredObject, Upload } from './store.ts'

/** Every chunk but the last has a multiple of this many bytes. */
const QUANTUM = 256 * 1024

export const beginUpload: Handler = ({ store, origin }, request, body) => {
  const { query, headers } = request
  const bucket = store.bucket(request.bucket)
  const resource = parseResource(body.toString())
  const key = nameOf(request, resource)
  checkConditions(query, bucket.get(key))
  const id = randomUUID()
  const type = headers['x-upload-content-type']
  bucket.uploads.set(id, {
    id,
    key,
    query,
    said: settableOf({ ...(type === undefined ? {} : { contentType: type }), ...resource }),
    expected: expectedOf(resource),
    bytes: Buffer.alloc(0),
  })
  return {
    status: 200,
    headers: {
      location: `${origin()}/upload/storage/v1/b/${bucket.name}/o?uploadType=resumable&upload_id=${id}`,
    },
  }
}

function find(bucket: Bucket, { query }: GcsRequest): Upload {
  const upload = bucket.uploads.get(query.get('upload_id') ?? '')
  // Given up, refused at its end, or older than a week.
  if (upload === undefined) throw new GcsError(410, 'gone', 'The upload session is gone.')
  return upload
}

// Bytes for the session, or its end: `bytes FIRST-LAST/TOTAL` or `bytes */TOTAL`, with `*` for a total that is not known yet.
export const putUpload: Handler = (context, request, body) => {
  const bucket = context.store.bucket(request.bucket)
  const upload = find(bucket, request)
  if (upload.made !== undefined) return ended(bucket, upload, upload.made)
  const [, first, last, told] =
    /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/.exec(request.headers['content-range'] ?? '') ?? []
  if (told === undefined) throw invalid('Failed to parse Content-Range header.')
  const total = told === '*' ? undefined : Number(told)
  if (first !== undefined)
    take(context, upload, { first: Number(first), last: Number(last), total }, body)
  else if (body.length > 0) throw invalid('Invalid request. There were bytes for no range.')
  if (total === undefined || upload.bytes.length < total) return incomplete(upload)
  if (upload.bytes.length > total)
    throw invalid(`Invalid request. There were ${upload.bytes.length} bytes of ${total} already.`)
  return end(context, bucket, upload, request)
}

/** Offsets of the first and the last byte of a body in the object, and the object's size, where it is told. */
interface ContentRange {
  readonly first: number
  readonly last: number
  readonly total: number | undefined
}

function take(
  { keeps }: Context,
  upload: Upload,
  { first, last, total }: ContentRange,
  body: Buffer,
): void {
  if (body.length !== last - first + 1)
    throw invalid(
      `Invalid request. There were ${body.length} byte(s) in the request body. There should have been ${last - first + 1} byte(s) (starting at offset ${first} and ending at offset ${last}) according to the Content-Range header.`,
    )
  const persisted = upload.bytes.length
  if (first > persisted)
    throw new GcsError(
      503,
      'backendError',
      `Invalid request. According to the Content-Range header, the upload offset is ${first} byte(s), which exceeds already uploaded size of ${persisted} byte(s).`,
    )
  const isLast = total !== undefined && last + 1 === total
  if (total !== undefined && last + 1 > total) throw invalid('Content-Range exceeds the total.')
  if (!isLast && body.length % QUANTUM !== 0)
    throw invalid(
      `Invalid request. The number of bytes uploaded is required to be equal or greater than 262144, except for the final request, and a multiple of it: ${body.length}.`,
    )
  // What it has already is passed over.
  const fresh = body.subarray(Math.min(persisted - first, body.length))
  upload.bytes = Buffer.concat([upload.bytes, fresh.subarray(0, keeps)])
}

function incomplete({ bytes }: Upload): Answer {
  return {
    status: 308,
    headers: bytes.length === 0 ? {} : { range: `bytes=0-${bytes.length - 1}` },
  }
}

/** The conditions of the beginning, now. A session that is refused here is gone. */
function end({ now }: Context, bucket: Bucket, upload: Upload, { headers }: GcsRequest): Answer {
  const { key, query, said, expected } = upload
  try {
    checkConditions(query, bucket.get(key))
    upload.made = bucket.make(key, upload.bytes, said, now(), { ...expected, ...hashesOf(headers) })
  } catch (error) {
    bucket.uploads.delete(upload.id)
    throw error
  }
  return ended(bucket, upload, upload.made)
}

function ended(bucket: Bucket, { key, query }: Upload, made: StoredObject): Answer {
  return jsonAnswer({ query } as GcsRequest, resourceOf(bucket.name, key, made))
}

export const queryUpload: Handler = ({ store }, request, body) => {
  const bucket = store.bucket(request.bucket)
  const upload = find(bucket, request)
  if (body.length > 0) throw invalid('Invalid request. There were bytes in a question.')
  return upload.made === undefined ? incomplete(upload) : ended(bucket, upload, upload.made)
}

/** Google answers 499 to what it gave up at the client's wish. What has ended stays. */
export const deleteUpload: Handler = ({ store }, request) => {
  const bucket = store.bucket(request.bucket)
  const upload = find(bucket, request)
  if (upload.made === undefined) bucket.uploads.delete(upload.id)
  return { status: 499 }
}
