import type { Client } from './client.ts'
import type { History } from './person.ts'
import type { Random } from './random.ts'

const FOLDERS = ['d', 'd/e', 'e']

/** A folder becomes a repository of its own, stops being one, or goes as a whole. */
export function nest(
  client: Client,
  random: Random,
  { replaced, isOthers }: History,
  print?: (line: string) => void,
): void {
  const { name, disk, apart } = client
  const known = nestedIn(client)
  const folder = random.pick(known.length > 0 && random.chance(0.7) ? known : FOLDERS)
  const say = (what: string): void => print?.(`${name} PERSON ${what} ${folder}`)
  if (disk.peek(folder)?.kind !== 'folder') return
  const isNested = known.includes(folder)
  // Mostly, it is one for long enough that a run comes by.
  if (isNested && !apart.has(folder) && random.chance(0.8)) return
  switch (isNested ? random.pick([0, 1, 1, 1, 2]) : 0) {
    case 0: {
      // Now and then people do not agree where it is.
      const remote = random.chance(0.8) ? 'inner' : name
      say(`nests (${remote})`)
      disk.write(
        `${folder}/.lsync/config.yaml`,
        `format: 1\nremote: memory://${remote}\nrepository: ${remote}\n`,
      )
      break
    }
    case 1:
      say('stops nesting')
      // The inner one had a life of its own: what it removed, it removed for itself.
      for (const [path, content] of disk.files())
        if (path.startsWith(`${folder}/`) && random.chance(0.5)) {
          if (isOthers?.(client, path, content) !== true) replaced.add(content)
          disk.delete(path)
        }
      disk.delete(`${folder}/.lsync`)
      apart.delete(folder)
      break
    default:
      say('deletes nested')
      for (const [path, content] of disk.files())
        if (path.startsWith(`${folder}/`)) replaced.add(content)
      disk.delete(folder)
      apart.delete(folder)
  }
}

/** The repositories within that of a client. */
function nestedIn(client: Client): readonly string[] {
  return [...configsIn(client).keys()].toSorted()
}

/** Their configurations by their inodes: one that is made anew in the same folder has another one. */
export function configsIn({ disk }: Client): ReadonlyMap<string, number | undefined> {
  const found = new Map<string, number | undefined>()
  for (const folder of disk.folders()) {
    const config = disk.peek(`${folder}/.lsync/config.yaml`)
    if (config !== undefined) found.set(folder, config.inode)
  }
  return found
}

/** No repositories within this one any more. */
export function flatten({ disk }: Client): void {
  for (const folder of disk.folders()) disk.delete(`${folder}/.lsync`)
}
