import type { Disk, DiskStat, DiskWriter } from './disk.ts'

/**
 * A disk that keeps no executable bit (FAT, NTFS, many shares: all files look alike there): what it says of it is left out, and nobody tries to change it.
 */
export function bitlessDisk(disk: Disk): Disk {
  return {
    ...disk,
    async statAll(folder, names) {
      const stats = await disk.statAll(folder, names)
      return stats.map((stat) => ('kind' in stat ? bitless(stat) : stat))
    },
    async stat(path) {
      const stat = await disk.stat(path)
      return stat === undefined ? undefined : bitless(stat)
    },
    create: async (path) => bitlessWriter(await disk.create(path)),
    reopen: async (path) => bitlessWriter(await disk.reopen(path)),
    async setExecutable() {},
  }
}

function bitless(stat: DiskStat): DiskStat {
  return { ...stat, executable: undefined }
}

function bitlessWriter(writer: DiskWriter): DiskWriter {
  const stat = writer.stat.bind(writer)
  return Object.assign(writer, {
    stat: async () => bitless(await stat()),
    async setExecutable() {},
  })
}
