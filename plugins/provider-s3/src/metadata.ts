import { type ObjectMetadata, StorageError } from '@lsync/core/provider'
import { decodeHeader, encodeWord, isPlain } from './words.ts'

const HEADERS = [
  ['contentType', 'content-type'],
  ['cacheControl', 'cache-control'],
  ['contentDisposition', 'content-disposition'],
  ['contentEncoding', 'content-encoding'],
  ['contentLanguage', 'content-language'],
] as const

const PREFIX = 'x-amz-meta-'
/** What S3 takes, names and values together. */
const LARGEST = 2048

export function metadataHeaders(metadata: ObjectMetadata): Record<string, string> {
  const headers: Record<string, string> = {}
  let size = 0
  for (const [name, value] of Object.entries(metadata.user)) {
    if (!/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name))
      throw new StorageError('unsupported', `S3 takes no metadata of this name: ${name}`)
    const written = isPlain(value) ? value : encodeWord(value)
    size += name.length + written.length
    headers[`${PREFIX}${name}`] = written
  }
  if (size > LARGEST)
    throw new StorageError(
      'unsupported',
      `S3 keeps at most ${LARGEST} bytes of metadata with an object, these are ${size}`,
    )
  for (const [field, header] of HEADERS) {
    const value = metadata[field]
    if (value !== undefined && value !== '')
      headers[header] = isPlain(value) ? value : encodeWord(value)
  }
  return headers
}

export function readMetadata(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): ObjectMetadata {
  const user: Record<string, string> = {}
  for (const name in headers) {
    if (!name.startsWith(PREFIX)) continue
    const value = headers[name]
    if (value !== undefined) user[name.slice(PREFIX.length)] = decodeHeader(String(value))
  }
  const content: { -readonly [field in Exclude<keyof ObjectMetadata, 'user'>]?: string } = {}
  for (const [field, header] of HEADERS) {
    const value = headers[header]
    // S3 answers this where nobody said what it is.
    if (value !== undefined && value !== 'binary/octet-stream')
      content[field] = decodeHeader(String(value))
  }
  return { user, ...content }
}
