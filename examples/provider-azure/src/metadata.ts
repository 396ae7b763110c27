import { type ObjectInfo, type ObjectMetadata, StorageError } from '@lsync/core/provider'

/**
 * The ETag changes with content and metadata, so it is version and fingerprint in one. No digests: a Content-MD5 may be no more than what a
 * writer claimed.
 */
export function infoOf(
  key: string,
  size: number,
  { etag, lastModified }: { readonly etag?: string; readonly lastModified?: Date },
): ObjectInfo {
  if (etag === undefined || lastModified === undefined)
    throw new StorageError('unexpected', `Azure answered without ETag or date: ${key}`, { key })
  const version = etag.replaceAll('"', '')
  return { key, size, modified: lastModified.getTime(), version, fingerprint: version, digests: {} }
}

/** The contract's names for the content headers, and Azure's for a write. */
const CONTENT = {
  contentType: 'blobContentType',
  cacheControl: 'blobCacheControl',
  contentDisposition: 'blobContentDisposition',
  contentEncoding: 'blobContentEncoding',
  contentLanguage: 'blobContentLanguage',
} as const
type ContentField = keyof typeof CONTENT
const FIELDS = Object.keys(CONTENT) as ContentField[]

/**
 * Azure takes identifiers as names and printable ASCII as values. So other characters of a name are written as `_` and two hex digits, those of
 * a value as in a URL.
 */
export function toAzure(metadata: ObjectMetadata) {
  const user = Object.entries(metadata.user).map(([name, value]) => [
    name.replaceAll(/[^a-z0-9]|^[0-9]/g, (one) => `_${hex(one)}`),
    value.replaceAll(/[% ]|[^ -~]+/gu, encodeURIComponent),
  ])
  const headers = FIELDS.flatMap((field) =>
    metadata[field] === undefined ? [] : [[CONTENT[field], metadata[field]]],
  )
  return { metadata: Object.fromEntries(user), blobHTTPHeaders: Object.fromEntries(headers) }
}

export function fromAzure(
  answer: Partial<Record<ContentField, string>> & { readonly metadata?: Record<string, string> },
): ObjectMetadata {
  const user = Object.entries(answer.metadata ?? {}).map(([name, value]) => [
    name.replaceAll(/_([0-9a-f]{2})/g, (_, digits) => String.fromCharCode(parseInt(digits, 16))),
    decoded(value),
  ])
  // Azure answers octet-stream where nobody said what it is.
  const content = FIELDS.map((field) => [field, answer[field]] as const).filter(
    ([, value]) => value !== undefined && value !== 'application/octet-stream',
  )
  return { user: Object.fromEntries(user), ...Object.fromEntries(content) }
}

const hex = (character: string): string => character.charCodeAt(0).toString(16).padStart(2, '0')

/** Another tool may have written a `%` that means itself. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
