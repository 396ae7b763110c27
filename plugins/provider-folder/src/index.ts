import { isAbsolute, resolve } from 'node:path'
import { CONTRACT_VERSION, type ProviderModule, StorageError } from '@lsync/core/provider'
import { placeOf } from './place.ts'

const SCHEME = 'file'

/**
 * `file:///absolute/folder`: a remote that is a folder, on a disk that the clients share. It is what lsync uses where there is no cloud, and the
 * example to copy: one file an operation, nothing but the contract imported from core.
 */
const folderModule: ProviderModule = {
  contract: CONTRACT_VERSION,
  scheme: SCHEME,
  settings: {},

  normalize(url, { folder }) {
    // Not a web URL: `#`, `?` and `%` are ordinary characters of a folder's name.
    const path = url.replace(/^file:(\/\/)?/, '')
    if (path === '')
      throw new StorageError('bad-remote', `${url} names no folder: write file:///absolute/folder`)
    // A machine would stand there, in a web URL: whose folder is meant is not for us to guess.
    if (url.startsWith('file://') && !isAbsolute(path))
      throw new StorageError(
        'bad-remote',
        `${url} names no absolute folder: write file:///absolute/folder, or file:./${path} for one from here`,
      )
    return `${SCHEME}://${resolve(folder, path)}`
  },

  async open(url, options) {
    const { openFolder } = await import('./open.ts')
    return openFolder(folderOf(url), options)
  },

  overlaps(a, b) {
    const [one, other] = [placeOf(folderOf(a)), placeOf(folderOf(b))]
    return contains(one, other) || contains(other, one)
  },

  localFolder: (url) => placeOf(folderOf(url)),
}

export default folderModule

function folderOf(url: string): string {
  return url.slice(`${SCHEME}://`.length)
}

function contains(outer: string, inner: string): boolean {
  return inner === outer || inner.startsWith(outer === '/' ? '/' : `${outer}/`)
}
