import { type ObjectMetadata, StorageError } from '@lsync/core/provider'

const HEADERS = {
  contentType: 'content-type',
  cacheControl: 'cache-control',
  contentDisposition: 'content-disposition',
  contentEncoding: 'content-encoding',
  contentLanguage: 'content-language',
} as const

const PREFIX = 'x-amz-meta-'
/** What S3 takes, names and values together. */
const LARGEST = 2048
/** Marks a value that was percent-encoded by us, since headers carry ASCII only; others' values are left as they are. */
const MARK = "utf-8''"

export function metadataHeaders(metadata: ObjectMetadata): Record<string, string> {
  const headers: Record<string, string> = {}
  let size = 0
  for (const [name, value] of Object.entries(metadata.user)) {
    const written =
      /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value) && !value.startsWith(MARK)
        ? value
        : `${MARK}${encodeURIComponent(value)}`
    size += name.length + written.length
    headers[`${PREFIX}${name}`] = written
  }
  if (size > LARGEST)
    throw new StorageError(
      'unsupported',
      `S3 keeps at most ${LARGEST} bytes of metadata, these are ${size}`,
    )
  for (const [field, header] of Object.entries(HEADERS)) {
    const value = metadata[field as keyof typeof HEADERS]
    if (value !== undefined) headers[header] = value
  }
  return headers
}

export function readMetadata(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): ObjectMetadata {
  const user: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers))
    if (name.startsWith(PREFIX) && value !== undefined)
      user[name.slice(PREFIX.length)] = readValue(String(value))
  const metadata: Record<string, unknown> = { user }
  for (const [field, header] of Object.entries(HEADERS)) {
    const value = headers[header]
    // S3 answers this where nobody said what it is.
    if (value !== undefined && value !== 'binary/octet-stream') metadata[field] = String(value)
  }
  return metadata as unknown as ObjectMetadata
}

function readValue(value: string): string {
  if (!value.startsWith(MARK)) return value
  try {
    return decodeURIComponent(value.slice(MARK.length))
  } catch {
    return value
  }
}
