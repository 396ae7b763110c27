import { StorageError } from '@lsync/core/provider'

/** Where in S3 a remote is. `prefix` is empty or ends in a slash. */
export interface Place {
  readonly bucket: string
  readonly prefix: string
}

/** `s3://bucket[/prefix]`. Not a web URL: `#` and `?` are ordinary characters of a key. */
export function parseUrl(url: string): Place {
  const match = /^s3:\/\/([^/]+)(?:\/(.*))?$/s.exec(url)
  const bucket = match?.[1]
  if (bucket === undefined)
    throw new StorageError(
      'bad-remote',
      `${url} names no bucket: write s3://bucket or s3://bucket/prefix`,
    )
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/.test(bucket))
    throw new StorageError('bad-remote', `${bucket} cannot be a bucket's name`)
  const prefix = (match?.[2] ?? '').replace(/\/+$/, '')
  if (prefix.split('/').some((segment, _, all) => all.length > 1 && segment === ''))
    throw new StorageError('bad-remote', `${url} has an empty part in its prefix`)
  return { bucket, prefix: prefix === '' ? '' : `${prefix}/` }
}

export function formatUrl({ bucket, prefix }: Place): string {
  return `s3://${bucket}${prefix === '' ? '' : `/${prefix.slice(0, -1)}`}`
}

/** Percent-encodes all that RFC 3986 does not reserve for names; slashes stay. */
export function encodePath(key: string): string {
  return encodeURIComponent(key)
    .replaceAll('%2F', '/')
    .replaceAll(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
}

export function encodeQuery(query: Readonly<Record<string, string>>): string {
  return Object.entries(query)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) =>
      value === '' ? name : `${name}=${encodePath(value).replaceAll('/', '%2F')}`,
    )
    .join('&')
}
