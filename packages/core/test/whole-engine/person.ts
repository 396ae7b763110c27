import type { Client } from './client.ts'
import type { Random } from './random.ts'

export const PATHS = ['x', 'y', 'z', 'd/x', 'd/y', 'd/e/x', 'e']

/** What people wrote, and what of it they replaced or removed knowingly. */
export interface History {
  readonly written: Set<string>
  readonly replaced: Set<string>
  /** Where she works. */
  readonly paths: readonly string[]
  /** What the person writes, for the how manieth time. */
  readonly contentOf: (count: number) => string
  /** What a client does to this content at this path is none of the repository's business, and the remote holds it: it stays for others. */
  readonly isOthers?: (client: Client, path: string, content: string) => boolean
}

/** One random edit by the person who works with this client. */
export function edit(
  client: Client,
  random: Random,
  { written, replaced, paths, contentOf, isOthers }: History,
  print?: (line: string) => void,
): void {
  const { disk } = client
  const files = [...disk.files().keys()]
  const fresh = (): string => {
    const content = contentOf(written.size + 1)
    written.add(content)
    return content
  }
  const supersede = (path: string, by?: string): void => {
    for (const [name, content] of disk.files())
      if ((name === path || name.startsWith(`${path}/`)) && content !== by)
        if (isOthers?.(client, name, content) !== true) replaced.add(content)
  }
  /** Something other than a folder is there. */
  const isTaken = (folder: string): boolean => {
    const kind = disk.peek(folder)?.kind
    return kind !== undefined && kind !== 'folder'
  }
  const path = random.pick(paths)
  const say = (what: string): void => print?.(`${client.name} PERSON ${what}`)
  switch (random.below(8)) {
    case 0:
    case 1:
    case 2: {
      const content = fresh()
      say(`writes ${path} ${content}`)
      for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1))
        if (disk.peek(path.slice(0, slash))?.kind === 'file') supersede(path.slice(0, slash))
      if (disk.peek(path)?.kind === 'folder') {
        supersede(path)
        disk.delete(path)
      }
      supersede(path)
      if (disk.peek(path)?.kind === 'link') disk.delete(path)
      // Half of the programs save in place, half write a new file and rename it over the old one.
      if (random.chance(0.5)) disk.delete(path)
      disk.write(path, content)
      break
    }
    case 3:
      if (files.length === 0) break
      {
        const victim = random.pick(files)
        say(`deletes ${victim}`)
        supersede(victim)
        disk.delete(victim)
      }
      break
    case 4:
    case 5: {
      if (files.length === 0) break
      const from = random.pick(files)
      if (path.startsWith(`${from}/`) || from.startsWith(`${path}/`) || from === path) break
      for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1))
        if (isTaken(path.slice(0, slash))) return
      say(`renames ${from} ${path}`)
      supersede(path, disk.files().get(from))
      disk.move(from, path)
      break
    }
    case 6:
      if (files.length > 0) {
        const flipped = random.pick(files)
        say(`flips ${flipped}`)
        disk.flip(flipped)
      }
      break
    default:
      if (disk.peek(path) === undefined) {
        for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1))
          if (isTaken(path.slice(0, slash))) return
        say(`makes folder ${path}`)
        disk.folder(path)
      }
  }
}
