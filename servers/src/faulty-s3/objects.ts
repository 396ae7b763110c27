import { createHash, randomBytes } from 'node:crypto'
import type { Answer } from '../faulty/answer.ts'
import { type Checksum, checksumHeaders, checksumOf, isAlgorithm } from './checksums.ts'
import { checkDelete, checkRead, checkWrite } from './conditions.ts'
import { type Handler, type Honours, quoted, xmlAnswer } from './context.ts'
import { invalidRequest, malformedXml, noSuchKey, preconditionFailed, S3Error } from './errors.ts'
import { checkKey, keptHeaders } from './object-headers.ts'
import type { S3Request } from './request.ts'
import type { Bucket, StoredObject } from './store.ts'
import { document, type Element, inner, text } from './xml.ts'

export const putObject: Handler = ({ store, honours, now }, request, { bytes, checksum }) => {
  const { key } = request
  checkLength(request)
  checkChecked(honours, request, checksum)
  checkKey(key)
  const bucket = store.bucket(request.bucket)
  if (honours.conditionalWrite) checkCondition(honours, request, bucket)
  if (key.endsWith('/')) checkFolder(honours, bucket, request, bytes)
  const etag = honours.md5Etags
    ? createHash('md5').update(bytes).digest('hex')
    : randomBytes(16).toString('hex')
  bucket.put(key, { bytes, etag, modified: now(), headers: keptHeaders(request), checksum })
  return {
    status: 200,
    headers: {
      etag: quoted(etag),
      ...(checksum === undefined ? {} : checksumHeaders(checksum)),
    },
  }
}

function checkCondition(
  { quotedConditions }: Honours,
  { key, headers, stood }: S3Request,
  bucket: Bucket,
): void {
  if (!quotedConditions && headers['if-match']?.startsWith('"') === true)
    throw preconditionFailed('If-Match')
  checkWrite(headers, key, stood === undefined ? bucket.get(key) : stood.object)
}

export function checkChecked(
  { uncheckedBodies }: Honours,
  { headers }: S3Request,
  checksum: Checksum | undefined,
): void {
  if (!uncheckedBodies && checksum === undefined && headers['content-md5'] === undefined)
    throw invalidRequest(
      'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters',
    )
}

function checkFolder(
  { folderContent, folderObjects }: Honours,
  { keys }: Bucket,
  { key, headers }: S3Request,
  bytes: Uint8Array,
): void {
  if (!folderContent && bytes.length > 0)
    throw new S3Error(400, 'InvalidArgument', `Directory marker "${key}" must be empty`)
  if (folderObjects || headers['if-none-match'] === undefined) return
  if (keys.some((other) => other.startsWith(key))) throw preconditionFailed('If-None-Match')
}

/** S3 takes no body of unknown length. */
export function checkLength({ headers }: S3Request): void {
  if (
    headers['content-length'] === undefined &&
    headers['x-amz-decoded-content-length'] === undefined
  )
    throw new S3Error(
      411,
      'MissingContentLength',
      'You must provide the Content-Length HTTP header.',
    )
}

/** GET and HEAD: the one without the other's body. */
export const getObject: Handler = ({ store }, { bucket, key, headers }) => {
  const object = store.bucket(bucket).get(key)
  if (object === undefined) throw noSuchKey(key)
  const common = {
    etag: quoted(object.etag),
    'last-modified': new Date(object.modified).toUTCString(),
    'accept-ranges': 'bytes',
  }
  if (checkRead(headers, object) === 'unchanged') return { status: 304, headers: common }
  const own = { ...object.headers, ...common }
  const range = rangeOf(headers['range'], object.bytes.length)
  if (range === undefined)
    return {
      status: 200,
      headers: { ...own, ...toldChecksum(headers, object) },
      body: object.bytes,
    }
  const { from, to } = range
  return {
    status: 206,
    headers: { ...own, 'content-range': `bytes ${from}-${to - 1}/${object.bytes.length}` },
    body: object.bytes.subarray(from, to),
  }
}

/** S3 keeps a CRC-64/NVME of what came without a checksum. */
function toldChecksum(
  headers: Readonly<Record<string, string>>,
  { bytes, checksum }: StoredObject,
): Record<string, string> {
  if (headers['x-amz-checksum-mode']?.toUpperCase() !== 'ENABLED') return {}
  return checksumHeaders(
    checksum ?? {
      algorithm: 'crc64nvme',
      value: checksumOf('crc64nvme', bytes),
      type: 'FULL_OBJECT',
    },
  )
}

/** `to` is exclusive. What is no single range is ignored, as RFC 9110 has it. */
function rangeOf(
  header: string | undefined,
  size: number,
): { readonly from: number; readonly to: number } | undefined {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? []
  if (first === '' && last === '') return undefined
  const from = first === '' ? Math.max(size - Number(last), 0) : Number(first)
  const to = first === '' || last === '' ? size : Math.min(Number(last) + 1, size)
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined
  if (from >= size || from >= to)
    throw new S3Error(416, 'InvalidRange', 'The requested range is not satisfiable', {
      headers: { 'content-range': `bytes */${size}` },
      details: { RangeRequested: header ?? '', ActualObjectSize: String(size) },
    })
  return { from, to }
}

/** What is gone already is no error. */
export const deleteObject: Handler = ({ store, honours }, { bucket: name, key, headers }) => {
  const bucket = store.bucket(name)
  if (honours.conditionalDelete) checkDelete(headers['if-match'], key, bucket.get(key))
  bucket.delete(key)
  if (!honours.folderObjects) leaveFolder(bucket, key.slice(0, key.lastIndexOf('/') + 1))
  return { status: 204 }
}

function leaveFolder(bucket: Bucket, folder: string): void {
  const rest = bucket.keys.filter((key) => key.startsWith(folder))
  if (rest.length === 1 && rest[0] === folder) bucket.delete(folder)
}

const MOST_DELETED = 1000

export const deleteObjects: Handler = (
  { store, honours },
  request,
  { bytes, checksum },
): Answer => {
  const bucket = store.bucket(request.bucket)
  if (checksum === undefined && request.headers['content-md5'] === undefined)
    throw invalidRequest('Missing required header for this request: Content-MD5')
  const xml = bytes.toString()
  const objects = inner(xml, 'Object')
  if (objects.length === 0 || objects.length > MOST_DELETED) throw malformedXml()
  const quiet = text(xml, 'Quiet') === 'true'
  const results: Element[] = []
  for (const object of objects) {
    const key = text(object, 'Key')
    if (key === undefined) throw malformedXml()
    try {
      if (honours.conditionalDelete) checkDelete(text(object, 'ETag'), key, bucket.get(key))
      bucket.delete(key)
      if (!quiet) results.push(['Deleted', [['Key', key]]])
    } catch (error) {
      if (!(error instanceof S3Error)) throw error
      const { code, message } = error
      results.push([
        'Error',
        [
          ['Key', key],
          ['Code', code],
          ['Message', message],
        ],
      ])
    }
  }
  return xmlAnswer(document('DeleteResult', results))
}

/** Lower case, or refused. */
export function algorithmOf(name: string) {
  const algorithm = name.toLowerCase()
  if (!isAlgorithm(algorithm))
    throw invalidRequest('Checksum algorithm provided is unsupported: ' + name)
  return algorithm
}
