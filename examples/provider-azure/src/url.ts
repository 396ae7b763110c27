import { StorageError } from '@lsync/core/provider'

/** `prefix` is empty or ends in a slash. */
export interface Place {
  readonly container: string
  readonly prefix: string
}

/** Not a web URL: `#` and `?` are ordinary characters of a name. */
export function parseUrl(url: string): Place {
  const match = /^az:\/\/([^/]+)(?:\/(.*))?$/s.exec(url)
  const container = match?.[1] ?? ''
  if (!/^(?=.{3,63}$)[a-z0-9]+(?:-[a-z0-9]+)*$/.test(container))
    throw new StorageError(
      'bad-remote',
      `${url} names no container: write az://container or az://container/prefix`,
    )
  const prefix = (match?.[2] ?? '').replace(/\/+$/, '')
  if (prefix !== '' && hasOddPart(prefix))
    throw new StorageError('bad-remote', `${url} has a prefix that Azure would take for another`)
  return { container, prefix: prefix === '' ? '' : `${prefix}/` }
}

export function formatUrl({ container, prefix }: Place): string {
  return `az://${container}${prefix === '' ? '' : `/${prefix.slice(0, -1)}`}`
}

/** The name of the blob. What URLs fold away would be stored under another name: it is refused. */
export function blobName(prefix: string, key: string): string {
  const name = prefix + key
  // oxlint-disable-next-line no-control-regex -- headers and URLs carry none of them
  if (hasOddPart(key.replace(/\/$/, '')) || /[\0-\x1f\x7f\\]/.test(key) || name.length > 1024)
    throw new StorageError('bad-key', `Azure cannot keep this name: ${key}`, { key })
  return name
}

/** Parts that are empty, `.` or `..`, and dots at the end of a part, which Azure drops. */
function hasOddPart(path: string): boolean {
  return path.split('/').some((part) => part === '' || part.endsWith('.'))
}
