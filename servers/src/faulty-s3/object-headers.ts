import { S3Error } from './errors.ts'
import type { S3Request } from './request.ts'

const KEPT = new Set([
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
  'x-amz-server-side-encryption',
  'x-amz-storage-class',
  'x-amz-website-redirect-location',
])
const USER = 'x-amz-meta-'
/** S3's limit for all user metadata of an object together, names and values. */
const LONGEST_METADATA = 2048

/** What of a request stays with the object. */
export function keptHeaders({ headers }: S3Request): Record<string, string> {
  const kept: Record<string, string> = { 'content-type': 'binary/octet-stream' }
  let length = 0
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(USER)) {
      length += name.length - USER.length + value.length
      kept[name] = value
    } else if (KEPT.has(name)) kept[name] = value
  }
  if (length > LONGEST_METADATA)
    throw new S3Error(
      400,
      'MetadataTooLarge',
      'Your metadata headers exceed the maximum allowed metadata size.',
      { details: { Size: String(length), MaxSizeAllowed: String(LONGEST_METADATA) } },
    )
  // How the request was framed is no property of the object.
  const encoding = kept['content-encoding']
    ?.split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '' && one !== 'aws-chunked')
    .join(',')
  if (encoding !== undefined && encoding !== '') kept['content-encoding'] = encoding
  else delete kept['content-encoding']
  if (kept['x-amz-storage-class'] === 'STANDARD') delete kept['x-amz-storage-class']
  return kept
}

export function checkKey(key: string): void {
  if (Buffer.byteLength(key) > 1024)
    throw new S3Error(400, 'KeyTooLongError', 'Your key is too long.', {
      details: { Size: String(Buffer.byteLength(key)), MaxSizeAllowed: '1024' },
    })
}
