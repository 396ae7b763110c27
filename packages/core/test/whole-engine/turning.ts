import type { Client } from './client.ts'
import type { History } from './person.ts'
import type { Random } from './random.ts'

const FOLDERS = ['d', 'd/e', 'e', 'e/d', 'g']

/** A folder goes elsewhere, changes places with something, is taken apart or removed; or a file is there twice. */
export function turn(
  client: Client,
  random: Random,
  { replaced, paths }: History,
  print?: (line: string) => void,
): void {
  const { name, disk } = client
  const say = (what: string): void => print?.(`${name} PERSON ${what}`)
  const holds = (content: string): boolean => [...disk.files().values()].includes(content)
  /** Knowingly, as far as nothing else here holds it. */
  const without = (act: () => void): void => {
    const before = new Set(disk.files().values())
    act()
    for (const content of before) if (!holds(content)) replaced.add(content)
  }
  const isFree = (path: string): boolean => {
    for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
      const kind = disk.peek(path.slice(0, slash))?.kind
      if (kind !== undefined && kind !== 'folder') return false
    }
    return true
  }
  const isApart = (a: string, b: string): boolean =>
    a !== b && !a.startsWith(`${b}/`) && !b.startsWith(`${a}/`)
  const folder = random.pick(FOLDERS)
  switch (random.below(8)) {
    case 0:
    case 1:
    case 2: {
      const to = random.pick(FOLDERS)
      if (disk.peek(folder) === undefined || !isApart(folder, to) || !isFree(to)) return
      say(`moves ${folder} to ${to}`)
      without(() => {
        disk.move(folder, to)
      })
      return
    }
    case 3: {
      const other = random.pick([...FOLDERS, ...paths])
      if (!isApart(folder, other)) return
      if (disk.peek(folder) === undefined || disk.peek(other) === undefined) return
      say(`swaps ${folder} and ${other}`)
      disk.move(folder, 'aside')
      disk.move(other, folder)
      disk.move('aside', other)
      return
    }
    case 4: {
      if (disk.peek('d/e')?.kind !== 'folder') return
      say('turns d inside out')
      without(() => {
        disk.move('d/e', 'aside')
        disk.move('d', 'aside/e')
        disk.move('aside', 'd')
      })
      return
    }
    case 5: {
      const files = [...disk.files().keys()]
      if (files.length === 0) return
      const from = random.pick(files)
      const to = random.pick(paths)
      if (!isApart(from, to) || !isFree(to)) return
      say(`copies ${from} to ${to}`)
      const content = disk.files().get(from) ?? ''
      without(() => {
        disk.delete(to)
        disk.write(to, content)
      })
      return
    }
    case 6:
      if (disk.peek(folder)?.kind !== 'folder') return
      say(`empties ${folder}`)
      without(() => {
        disk.delete(folder)
        disk.folder(folder)
      })
      return
    default:
      if (disk.peek(folder) === undefined) return
      say(`removes ${folder}`)
      without(() => {
        disk.delete(folder)
      })
  }
}
