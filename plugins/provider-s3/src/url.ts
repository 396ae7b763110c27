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
  if (bucket.includes('@'))
    throw new StorageError(
      'bad-remote',
      'nobody is named in the address: credentials come from the environment or a profile',
    )
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/.test(bucket))
    throw new StorageError('bad-remote', `${bucket} cannot be a bucket's name`)
  if (bucket.endsWith('--x-s3'))
    throw new StorageError(
      'bad-remote',
      `${bucket} is a directory bucket: these list their keys in no order, so lsync cannot compare with them`,
    )
  const prefix = (match?.[2] ?? '').replace(/\/+$/, '')
  const wrong = prefix === '' ? undefined : wrongSegment(prefix)
  if (wrong !== undefined) throw new StorageError('bad-remote', `${url} has ${wrong} in its prefix`)
  return { bucket, prefix: prefix === '' ? '' : `${prefix}/` }
}

export function formatUrl({ bucket, prefix }: Place): string {
  return `s3://${bucket}${prefix === '' ? '' : `/${prefix.slice(0, -1)}`}`
}

/** What S3 takes for a key, prefix included, in bytes of UTF-8. */
const LONGEST_KEY = 1024

/** Servers that keep objects in folders take some keys for paths and write elsewhere; others cannot be asked for at all. */
export function checkKey(prefix: string, key: string): void {
  const wrong = wrongSegment(key.endsWith('/') ? key.slice(0, -1) : key)
  if (wrong !== undefined)
    throw new StorageError(
      'bad-key',
      `a key with ${wrong} means different things to different servers: ${key}`,
      { key },
    )
  if (Buffer.byteLength(prefix) + Buffer.byteLength(key) > LONGEST_KEY)
    throw new StorageError('bad-key', `S3 takes keys of at most ${LONGEST_KEY} bytes: ${key}`, {
      key,
    })
}

function wrongSegment(path: string): string | undefined {
  if (path.includes('\0')) return 'a zero byte'
  for (const segment of path.split('/'))
    if (segment === '') return 'an empty part'
    else if (segment === '.' || segment === '..') return `the part ${segment}`
  return undefined
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
