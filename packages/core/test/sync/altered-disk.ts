import { hash } from 'node:crypto'
import {
  type Disk,
  DiskError,
  type DiskFile,
  type DiskStat,
  type DiskWriter,
  nodeDisk,
} from '../../src/index.ts'

/** A disk that tells something else of its files. */
export function alteredDisk(
  root: string,
  alter: (stat: DiskStat, path: string) => DiskStat,
  setExecutable?: () => Promise<void>,
): Disk {
  const disk = nodeDisk(root)
  const opened = <File extends DiskFile | DiskWriter>(file: File, path: string): File => {
    const stat = file.stat.bind(file)
    return Object.assign(file, { stat: async () => alter(await stat(), path) })
  }
  const written = (writer: DiskWriter, path: string): DiskWriter =>
    Object.assign(opened(writer, path), setExecutable && { setExecutable })
  const all = (
    folder: string,
    names: readonly string[],
    stats: readonly (DiskStat | DiskError)[],
  ): (DiskStat | DiskError)[] =>
    stats.map((stat, index) =>
      stat instanceof DiskError ? stat : alter(stat, `${folder}/${names[index] ?? ''}`),
    )
  return {
    ...disk,
    statAll: async (folder, names) => all(folder, names, await disk.statAll(folder, names)),
    async stat(path) {
      const stat = await disk.stat(path)
      return stat === undefined ? undefined : alter(stat, path)
    },
    createAll: async (folder, files) =>
      all(
        folder,
        files.map(({ name }) => name),
        await disk.createAll(folder, files),
      ),
    open: async (path) => opened(await disk.open(path), path),
    create: async (path) => written(await disk.create(path), path),
    reopen: async (path) => written(await disk.reopen(path), path),
    ...(setExecutable === undefined ? {} : { setExecutable }),
  }
}

/** Like a store that is mounted by `rclone`: a file that is renamed has another inode. */
export function byNameDisk(root: string): Disk {
  const inodeOf = (path: string): number =>
    Number.parseInt(hash('sha1', path.replace(/^\//, '')).slice(0, 12), 16)
  return alteredDisk(root, (stat, path) => ({ ...stat, inode: inodeOf(path) }))
}
