import { StorageError } from '@lsync/core/provider'

/** What the provider keeps beside the objects, at the root of the folder: hidden from listings, refused as keys. */
export const STORE = '.lsync/store'
export const STAGED = `${STORE}/staged`
export const LOCKS = `${STORE}/locks`
export const METADATA = `${STORE}/metadata`
export const FOLDERS = `${STORE}/folders`
/** In the shadow tree of marks: a file of this name says that its folder is kept. */
export const MARK = '.kept'

/** Refuses keys that a file system would read as something other than plain names below the root. */
export function checkKey(key: string): void {
  const path = key.endsWith('/') ? key.slice(0, -1) : key
  const bad =
    !key.isWellFormed() ||
    key.includes('\0') ||
    path
      .split('/')
      .some(
        (segment) =>
          segment === '' || segment === '.' || segment === '..' || Buffer.byteLength(segment) > 255,
      )
  if (bad || Buffer.byteLength(key) > 4000)
    throw new StorageError('bad-key', `no file can be named ${JSON.stringify(key)}`, { key })
  if (path === STORE || path.startsWith(`${STORE}/`))
    throw new StorageError('bad-key', `${STORE} is reserved`, { key })
}
