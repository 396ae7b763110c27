import { StorageError } from '@lsync/core/provider'

/** Where in Cloud Storage a remote is. `prefix` is empty or ends in a slash. */
export interface Place {
  readonly bucket: string
  readonly prefix: string
}

/** `gs://bucket[/prefix]`. Not a web URL: `#` and `?` are ordinary characters of a name. */
export function parseUrl(url: string): Place {
  const match = /^gs:\/\/([^/]+)(?:\/(.*))?$/s.exec(url)
  const bucket = match?.[1]
  if (bucket === undefined)
    throw new StorageError(
      'bad-remote',
      `${url} names no bucket: write gs://bucket or gs://bucket/prefix`,
    )
  if (!/^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/.test(bucket))
    throw new StorageError('bad-remote', `${bucket} cannot be a bucket's name`)
  const prefix = (match?.[2] ?? '').replace(/\/+$/, '')
  const wrong = prefix === '' ? undefined : wrongPart(prefix)
  if (wrong !== undefined) throw new StorageError('bad-remote', `${url} has ${wrong} in its prefix`)
  return { bucket, prefix: prefix === '' ? '' : `${prefix}/` }
}

export function formatUrl({ bucket, prefix }: Place): string {
  return `gs://${bucket}${prefix === '' ? '' : `/${prefix.slice(0, -1)}`}`
}

/** What Cloud Storage takes for a name, prefix included, in bytes of UTF-8. */
const LONGEST_NAME = 1024
/** Google keeps these for certificates. */
const RESERVED = '.well-known/acme-challenge/'

export function checkKey(prefix: string, key: string): void {
  const wrong = wrongPart(key.endsWith('/') ? key.slice(0, -1) : key)
  if (wrong !== undefined)
    throw new StorageError('bad-key', `Cloud Storage keeps no name with ${wrong}: ${key}`, { key })
  const name = prefix + key
  if (Buffer.byteLength(name) > LONGEST_NAME)
    throw new StorageError(
      'bad-key',
      `Cloud Storage takes names of at most ${LONGEST_NAME} bytes: ${key}`,
      { key },
    )
  if (name.startsWith(RESERVED))
    throw new StorageError('bad-key', `Google reserves names under ${RESERVED}: ${key}`, { key })
}

/** Empty parts and dots are refused, too: proxies and emulators on the way take them for paths, and answer for another object. */
function wrongPart(path: string): string | undefined {
  if (path.includes('\0')) return 'a zero byte'
  if (/[\r\n]/.test(path)) return 'a line break'
  for (const part of path.split('/'))
    if (part === '') return 'an empty part'
    else if (part === '.' || part === '..') return `the part ${part}`
  return undefined
}

/** Percent-encodes all that RFC 3986 does not leave to names, slashes too: a name is one segment of a path in the JSON API. */
export function encodeSegment(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

export function encodeQuery(query: Readonly<Record<string, string>>): string {
  return Object.entries(query)
    .map(([name, value]) => `${name}=${encodeSegment(value)}`)
    .join('&')
}
