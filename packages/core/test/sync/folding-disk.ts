import { readdirSync } from 'node:fs'
import { type Disk, DiskError, nodeDisk } from '../../src/index.ts'

/** How a disk reads and gives back names. */
export interface Manner {
  readonly fold: (name: string) => string
  /** What becomes of a new name. */
  readonly kept?: (name: string) => string
}

export const CASE: Manner = { fold: (name) => name.normalize('NFD').toLowerCase() }
/** As HFS+: every name is decomposed. */
export const DECOMPOSING: Manner = { ...CASE, kept: (name) => name.normalize('NFD') }

/**
 * A plain folder that reads names as disks do that take some of them for one another: a name finds what it folds together with, and a new name
 * is kept as it was given (or as the disk has it).
 */
export function foldingDisk(root: string, { fold, kept = (name) => name }: Manner): Disk {
  const disk = nodeDisk(root)
  const namesIn = (folder: string): string[] => {
    try {
      return readdirSync(`${root}/${folder}`)
    } catch {
      return []
    }
  }
  const real = (path: string): string => {
    let at = ''
    for (const segment of path.split('/')) {
      const there = namesIn(at).find((name) => fold(name) === fold(segment))
      at = at === '' ? (there ?? kept(segment)) : `${at}/${there ?? kept(segment)}`
    }
    return at
  }
  return {
    ...disk,
    list: async (folder) => disk.list(real(folder)),
    statAll: async (folder, names) => {
      const at = real(folder)
      return disk.statAll(
        at,
        names.map((name) =>
          real(at === '' ? name : `${at}/${name}`).slice(at === '' ? 0 : at.length + 1),
        ),
      )
    },
    stat: async (path) => disk.stat(real(path)),
    open: async (path) => disk.open(real(path)),
    readLink: async (path) => disk.readLink(real(path)),
    createLink: async (path, target) => disk.createLink(real(path), target),
    create: async (path) => disk.create(real(path)),
    createAll: async (folder, files) => {
      const at = real(folder)
      const made = []
      for (const file of files) {
        const name = real(`${at}/${file.name}`).slice(at.length + 1)
        made.push(...(await disk.createAll(at, [{ ...file, name }])))
      }
      return made
    },
    readText: async (path) => disk.readText(real(path)),
    replaceText: async (path, text) => disk.replaceText(real(path), text),
    createText: async (path, text) => disk.createText(real(path), text),
    appendText: async (path, text) => disk.appendText(real(path), text),
    makeFolder: async (path) => disk.makeFolder(real(path)),
    removeFolder: async (path) => disk.removeFolder(real(path)),
    async rename(from, to, options) {
      const target = real(to)
      if (target === real(from)) throw new DiskError('exists', to, 'it is the same file')
      await disk.rename(real(from), target, options)
    },
    remove: async (path) => disk.remove(real(path)),
    setExecutable: async (path, executable) => disk.setExecutable(real(path), executable),
    setModified: async (path, mtime) => disk.setModified(real(path), mtime),
    copyMode: async (from, to) => disk.copyMode(real(from), real(to)),
    flush: async (paths) => disk.flush(paths.map(real)),
  }
}
