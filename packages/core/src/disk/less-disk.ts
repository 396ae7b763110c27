import type { Disk, DiskFile, DiskStat, DiskWriter } from './disk.ts'

/*
 * Disks of which less is believed than they say.
 */

/**
 * A disk whose executable bits say nothing (FAT, NTFS, many shares: all files look alike there): they are left out, and nobody tries to change them.
 *
 * @param sets they are set all the same: what they say is only not to be believed
 */
export function bitlessDisk(disk: Disk, sets = false): Disk {
  return withStats(sets ? disk : settingNoBits(disk), (stat) => ({
    ...stat,
    executable: undefined,
  }))
}

/** A disk that tells inodes by the names of files (what is mounted by `rclone`, say): a renamed file would not be known again. */
export function inodelessDisk(disk: Disk): Disk {
  return withStats(disk, (stat) => ({ ...stat, inode: undefined }))
}

function withStats(disk: Disk, change: (stat: DiskStat) => DiskStat): Disk {
  const opened = <File extends DiskFile | DiskWriter>(file: File): File => {
    const stat = file.stat.bind(file)
    return Object.assign(file, { stat: async () => change(await stat()) })
  }
  return changed(disk, {
    async statAll(folder, names) {
      const stats = await disk.statAll(folder, names)
      return stats.map((stat) => ('kind' in stat ? change(stat) : stat))
    },
    async stat(path) {
      const stat = await disk.stat(path)
      return stat === undefined ? undefined : change(stat)
    },
    async createAll(folder, files) {
      const stats = await disk.createAll(folder, files)
      return stats.map((stat) => ('kind' in stat ? change(stat) : stat))
    },
    open: async (path) => opened(await disk.open(path)),
    create: async (path) => opened(await disk.create(path)),
    reopen: async (path) => opened(await disk.reopen(path)),
  })
}

function settingNoBits(disk: Disk): Disk {
  const written = (writer: DiskWriter): DiskWriter =>
    Object.assign(writer, { setExecutable: nothing })
  return changed(disk, {
    createAll: (folder, files) =>
      disk.createAll(
        folder,
        files.map((file) => ({ ...file, executable: false })),
      ),
    create: async (path) => written(await disk.create(path)),
    reopen: async (path) => written(await disk.reopen(path)),
    setExecutable: nothing,
    copyMode: nothing,
  })
}

/** Not by spreading: a disk may be of a class, whose methods do not come along. */
function changed(disk: Disk, members: Partial<Disk>): Disk {
  return new Proxy(disk, {
    get(target, name: keyof Disk) {
      const value = members[name] ?? target[name]
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

async function nothing(): Promise<void> {}
