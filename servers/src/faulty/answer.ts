import type { Bucket, StoredObject } from './store.ts'

export function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

/** As `encoding-type=url` has it. */
function encodeKey(key: string): string {
  return encodeURIComponent(key).replaceAll('%2F', '/').replaceAll('%20', '+')
}

/** ListObjectsV2, in the order of the keys' UTF-8 bytes. */
export function listing(bucket: Bucket, query: URLSearchParams): string {
  const prefix = query.get('prefix') ?? ''
  const after = query.get('continuation-token') ?? query.get('start-after') ?? ''
  const most = Number(query.get('max-keys') ?? 1000)
  const url = query.get('encoding-type') === 'url'
  const bytes = (text: string): Buffer => Buffer.from(text)
  const matching = [...bucket.objects]
    .filter(
      ([key]) =>
        key.startsWith(prefix) && (after === '' || Buffer.compare(bytes(key), bytes(after)) > 0),
    )
    .toSorted(([a], [b]) => Buffer.compare(bytes(a), bytes(b)))
  const page = matching.slice(0, most)
  const truncated = matching.length > page.length
  const key = (name: string): string => escapeXml(url ? encodeKey(name) : name)
  return `<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Prefix>${key(prefix)}</Prefix>${url ? '<EncodingType>url</EncodingType>' : ''}<KeyCount>${page.length}</KeyCount><MaxKeys>${most}</MaxKeys><IsTruncated>${truncated}</IsTruncated>${truncated ? `<NextContinuationToken>${escapeXml(page.at(-1)?.[0] ?? '')}</NextContinuationToken>` : ''}${page
    .map(
      ([name, { bytes: body, etag, modified }]) =>
        `<Contents><Key>${key(name)}</Key><LastModified>${new Date(modified).toISOString()}</LastModified><ETag>&quot;${etag}&quot;</ETag><Size>${body.length}</Size></Contents>`,
    )
    .join('')}</ListBucketResult>`
}

export function parts(
  key: string,
  id: string,
  upload: {
    readonly parts: ReadonlyMap<number, { readonly bytes: Buffer; readonly etag: string }>
  },
): string {
  return `<ListPartsResult><Key>${escapeXml(key)}</Key><UploadId>${id}</UploadId><IsTruncated>false</IsTruncated>${[
    ...upload.parts,
  ]
    .toSorted(([a], [b]) => a - b)
    .map(
      ([number, { bytes, etag }]) =>
        `<Part><PartNumber>${number}</PartNumber><ETag>"${etag}"</ETag><Size>${bytes.length}</Size></Part>`,
    )
    .join('')}</ListPartsResult>`
}

export function pendingUploads(bucket: Bucket, prefix: string): string {
  return `<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>${[...bucket.uploads]
    .filter(([, { key }]) => key.startsWith(prefix))
    .map(
      ([id, { key }]) =>
        `<Upload><Key>${escapeXml(key)}</Key><UploadId>${id}</UploadId><Initiated>${new Date().toISOString()}</Initiated></Upload>`,
    )
    .join('')}</ListMultipartUploadsResult>`
}

export function objectHeaders({ etag, modified, headers }: StoredObject): Record<string, string> {
  return {
    ...headers,
    etag: `"${etag}"`,
    'last-modified': new Date(modified).toUTCString(),
    'accept-ranges': 'bytes',
  }
}
