import type { Disk, DiskStat, DiskWriter } from './disk.ts'

/**
 * A disk whose executable bits say nothing (FAT, NTFS, many shares: all files look alike there): they are left out, and nobody tries to change them.
 *
 * @param sets they are set all the same: what they say is only not to be believed
 */
export function bitlessDisk(disk: Disk, sets = false): Disk {
  const bitlessWriter = (writer: DiskWriter): DiskWriter => {
    const stat = writer.stat.bind(writer)
    const changed = { stat: async () => bitless(await stat()) }
    return Object.assign(writer, changed, sets ? {} : { setExecutable: nothing })
  }
  const changed: Partial<Disk> = {
    async statAll(folder, names) {
      const stats = await disk.statAll(folder, names)
      return stats.map((stat) => ('kind' in stat ? bitless(stat) : stat))
    },
    async stat(path) {
      const stat = await disk.stat(path)
      return stat === undefined ? undefined : bitless(stat)
    },
    async createAll(folder, files) {
      const plain = sets ? files : files.map((file) => ({ ...file, executable: false }))
      const stats = await disk.createAll(folder, plain)
      return stats.map((stat) => ('kind' in stat ? bitless(stat) : stat))
    },
    create: async (path) => bitlessWriter(await disk.create(path)),
    reopen: async (path) => bitlessWriter(await disk.reopen(path)),
    ...(sets ? {} : { setExecutable: nothing, copyMode: nothing }),
  }
  // Not by spreading: a disk may be of a class, whose methods do not come along.
  return new Proxy(disk, {
    get(target, name: keyof Disk) {
      const value = changed[name] ?? target[name]
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

async function nothing(): Promise<void> {}

function bitless(stat: DiskStat): DiskStat {
  return { ...stat, executable: undefined }
}
