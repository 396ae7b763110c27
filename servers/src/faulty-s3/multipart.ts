import { createHash, randomUUID } from 'node:crypto'
import type { Body } from './body.ts'
import { type Checksum, checksumHeaders, checksumOf, compositeOf } from './checksums.ts'
import { checkWrite } from './conditions.ts'
import { type Handler, isoTime, quoted, xmlAnswer } from './context.ts'
import { copiedBytes } from './copy.ts'
import { invalidArgument, invalidRequest, malformedXml, S3Error } from './errors.ts'
import { checkKey, keptHeaders } from './object-headers.ts'
import { algorithmOf, checkChecked, checkLength } from './objects.ts'
import type { S3Request } from './request.ts'
import type { Part, Upload } from './store.ts'
import { document, inner, text } from './xml.ts'

const SMALLEST_PART = 5 * 1024 * 1024
const MOST_PARTS = 10_000

export const createUpload: Handler = ({ store, now }, request) => {
  const { key, headers } = request
  checkKey(key)
  const asked = headers['x-amz-checksum-algorithm']
  const algorithm = asked === undefined ? undefined : algorithmOf(asked)
  const whole = headers['x-amz-checksum-type'] === 'FULL_OBJECT' || algorithm === 'crc64nvme'
  if (whole && (algorithm === 'sha1' || algorithm === 'sha256'))
    throw invalidRequest(
      `The FULL_OBJECT checksum type cannot be used with the ${algorithm} checksum algorithm.`,
    )
  const id = randomUUID()
  store.bucket(request.bucket).uploads.set(id, {
    id,
    key,
    initiated: now(),
    headers: keptHeaders(request),
    algorithm,
    type: whole ? 'FULL_OBJECT' : 'COMPOSITE',
    parts: new Map(),
  })
  return xmlAnswer(
    document('InitiateMultipartUploadResult', [
      ['Bucket', request.bucket],
      ['Key', key],
      ['UploadId', id],
    ]),
    asked === undefined
      ? {}
      : {
          'x-amz-checksum-algorithm': asked.toUpperCase(),
          'x-amz-checksum-type': whole ? 'FULL_OBJECT' : 'COMPOSITE',
        },
  )
}

function uploadId({ query }: S3Request): string {
  return query.get('uploadId') ?? ''
}

function partNumber({ query }: S3Request): number {
  const told = query.get('partNumber') ?? ''
  const number = Number(told)
  if (!/^\d+$/.test(told) || number < 1 || number > MOST_PARTS)
    throw invalidArgument('partNumber', told)
  return number
}

export const uploadPart: Handler = ({ store, honours, now }, request, { bytes, checksum }) => {
  checkLength(request)
  checkChecked(honours, request, checksum)
  const number = partNumber(request)
  const upload = store.bucket(request.bucket).upload(request.key, uploadId(request))
  checkAlgorithm(upload, checksum)
  const part = makePart(upload, bytes, now())
  upload.parts.set(number, part)
  return {
    status: 200,
    headers: {
      etag: quoted(part.etag),
      ...(checksum === undefined
        ? {}
        : { [`x-amz-checksum-${checksum.algorithm}`]: checksum.value }),
    },
  }
}

/** Where the checksum of the whole is made of the parts', each part must bring its own, and of the same kind. */
function checkAlgorithm({ algorithm, type }: Upload, checksum: Checksum | undefined): void {
  const missing = checksum === undefined && type === 'COMPOSITE' && algorithm !== undefined
  const other =
    checksum !== undefined && algorithm !== undefined && checksum.algorithm !== algorithm
  if (missing || other)
    throw invalidRequest(
      `Checksum Type mismatch occurred, expected checksum Type: ${algorithm}, actual checksum Type: ${checksum?.algorithm ?? 'null'}`,
    )
}

export const uploadPartCopy: Handler = (context, request) => {
  const number = partNumber(request)
  const upload = context.store.bucket(request.bucket).upload(request.key, uploadId(request))
  const part = makePart(upload, copiedBytes(context, request), context.now())
  upload.parts.set(number, part)
  return xmlAnswer(
    document('CopyPartResult', [
      ['LastModified', isoTime(part.modified)],
      ['ETag', quoted(part.etag)],
      ...partChecksum(upload, part),
    ]),
  )
}

function makePart({ algorithm }: Upload, bytes: Buffer, modified: number): Part {
  return {
    bytes,
    etag: createHash('md5').update(bytes).digest('hex'),
    modified,
    checksum: algorithm === undefined ? undefined : checksumOf(algorithm, bytes),
  }
}

function partChecksum({ algorithm }: Upload, { checksum }: Part): [string, string][] {
  return algorithm === undefined || checksum === undefined
    ? []
    : [[`Checksum${algorithm.toUpperCase()}`, checksum]]
}

export const listParts: Handler = ({ store }, request) => {
  const { key, query } = request
  const upload = store.bucket(request.bucket).upload(key, uploadId(request))
  const most = Math.min(Number(query.get('max-parts') ?? 1000), 1000)
  const marker = Number(query.get('part-number-marker') ?? 0)
  const all = [...upload.parts].filter(([number]) => number > marker).toSorted(([a], [b]) => a - b)
  const page = all.slice(0, most)
  const truncated = all.length > page.length
  return xmlAnswer(
    document('ListPartsResult', [
      ['Bucket', request.bucket],
      ['Key', key],
      ['UploadId', upload.id],
      ['PartNumberMarker', marker],
      ...(truncated ? [['NextPartNumberMarker', page.at(-1)?.[0] ?? marker] as const] : []),
      ['MaxParts', most],
      ['IsTruncated', truncated],
      ...(upload.algorithm === undefined
        ? []
        : [
            ['ChecksumAlgorithm', upload.algorithm.toUpperCase()] as const,
            ['ChecksumType', upload.type] as const,
          ]),
      ...page.map(
        ([number, part]) =>
          [
            'Part',
            [
              ['PartNumber', number],
              ['LastModified', isoTime(part.modified)],
              ['ETag', quoted(part.etag)],
              ['Size', part.bytes.length],
              ...partChecksum(upload, part),
            ],
          ] as const,
      ),
    ]),
  )
}

export const abortUpload: Handler = ({ store }, request) => {
  const bucket = store.bucket(request.bucket)
  bucket.uploads.delete(bucket.upload(request.key, uploadId(request)).id)
  return { status: 204 }
}

export const completeUpload: Handler = ({ store, honours, now }, request, body) => {
  const { key, headers } = request
  const bucket = store.bucket(request.bucket)
  const upload = bucket.upload(key, uploadId(request))
  const parts = namedParts(upload, body)
  const { 'if-match': match, ...others } = headers
  if (honours.conditionalWrite)
    checkWrite(
      honours.conditionalComplete || match === undefined ? headers : others,
      key,
      bucket.get(key),
    )
  const bytes = Buffer.concat(parts.map((part) => part.bytes))
  const told = headers['x-amz-mp-object-size']
  if (told !== undefined && Number(told) !== bytes.length)
    throw invalidRequest('The provided x-amz-mp-object-size does not match the size of the parts.')
  const md5s = Buffer.concat(parts.map(({ etag }) => Buffer.from(etag, 'hex')))
  const etag = `${createHash('md5').update(md5s).digest('hex')}-${parts.length}`
  const checksum = wholeChecksum(upload, parts, bytes)
  if (checksum !== undefined)
    for (const [name, value] of Object.entries(checksumHeaders(checksum)))
      if (name !== 'x-amz-checksum-type' && headers[name] !== undefined && headers[name] !== value)
        throw new S3Error(400, 'BadDigest', `The ${name} you specified did not match.`)
  bucket.put(key, { bytes, etag, modified: now(), headers: upload.headers, checksum })
  bucket.uploads.delete(upload.id)
  return xmlAnswer(
    document('CompleteMultipartUploadResult', [
      ['Location', `/${request.bucket}/${key}`],
      ['Bucket', request.bucket],
      ['Key', key],
      ['ETag', quoted(etag)],
      ...(checksum === undefined
        ? []
        : [
            [`Checksum${checksum.algorithm.toUpperCase()}`, checksum.value] as const,
            ['ChecksumType', checksum.type] as const,
          ]),
    ]),
  )
}

/** The parts that the request names, in its order, each checked against what was sent. */
function namedParts(upload: Upload, { bytes }: Body): Part[] {
  const named = inner(bytes.toString(), 'Part').map((part) => ({
    number: Number(text(part, 'PartNumber')),
    etag: text(part, 'ETag')?.replaceAll('"', ''),
    xml: part,
  }))
  if (named.length === 0 || named.some(({ number }) => !Number.isSafeInteger(number)))
    throw malformedXml()
  const parts: Part[] = []
  let last = 0
  for (const { number, etag, xml } of named) {
    if (number <= last)
      throw new S3Error(
        400,
        'InvalidPartOrder',
        'The list of parts was not in ascending order. Parts must be ordered by part number.',
      )
    last = number
    const part = upload.parts.get(number)
    if (part === undefined || part.etag !== etag) throw invalidPart(number)
    checkNamedChecksum(upload, part, number, xml)
    parts.push(part)
  }
  for (const [index, { bytes: content, etag }] of parts.entries())
    if (content.length < SMALLEST_PART && index < parts.length - 1)
      throw new S3Error(
        400,
        'EntityTooSmall',
        'Your proposed upload is smaller than the minimum allowed size',
        { details: { ETag: etag, ProposedSize: String(content.length) } },
      )
  return parts
}

function checkNamedChecksum(upload: Upload, part: Part, number: number, xml: string): void {
  const { algorithm, type } = upload
  if (algorithm === undefined) return
  const told = text(xml, `Checksum${algorithm.toUpperCase()}`)
  if (told === undefined && type === 'COMPOSITE')
    throw invalidRequest(
      `The upload was created using a ${algorithm} checksum. The complete request must include the checksum for each part. It was missing for part ${number} in the request.`,
    )
  if (told !== undefined && told !== part.checksum) throw invalidPart(number)
}

function invalidPart(number: number): S3Error {
  return new S3Error(
    400,
    'InvalidPart',
    "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
    { details: { PartNumber: String(number) } },
  )
}

function wholeChecksum(
  { algorithm, type }: Upload,
  parts: readonly Part[],
  bytes: Buffer,
): Checksum | undefined {
  if (algorithm === undefined) return undefined
  const value =
    type === 'FULL_OBJECT'
      ? checksumOf(algorithm, bytes)
      : compositeOf(
          algorithm,
          parts.map(({ checksum }) => checksum ?? ''),
        )
  return { algorithm, value, type }
}
