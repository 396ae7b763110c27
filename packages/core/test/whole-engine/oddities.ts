import { RULE_FILE } from '../../src/decide/ignore.ts'
import type { Client } from './client.ts'
import type { History } from './person.ts'
import type { Random } from './random.ts'

const PATHS = ['x', 'y', 'd/x', 'd', 'd/e', 'e']
const TARGETS = ['x', 'd', '../..', '/etc', 'nowhere']
/** Lines of the configuration, which a client shares with nobody, or of the root's rule file. */
const RULES: readonly (readonly string[])[] = [
  [],
  ['x'],
  ['d/'],
  ['e', 'z'],
  ['/d/*', '!/d/x'],
  ['*'],
]

/** Something that people do now and then: a link in the place of whatever there is, one less, or other rules of what is left out. */
export function oddity(
  client: Client,
  random: Random,
  { replaced }: History,
  print?: (line: string) => void,
): void {
  const { disk } = client
  const say = (what: string): void => print?.(`${client.name} PERSON ${what}`)
  switch (random.below(4)) {
    case 0: {
      const path = random.pick(PATHS)
      for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1))
        if (!isFree(client, path.slice(0, slash))) return
      const target = random.pick(TARGETS)
      say(`links ${path} to ${target}`)
      for (const [name, content] of disk.files())
        if (name === path || name.startsWith(`${path}/`)) replaced.add(content)
      disk.link(path, target)
      break
    }
    case 1: {
      const links = [...disk.links().keys()]
      if (links.length === 0) return
      const path = random.pick(links)
      say(`unlinks ${path}`)
      disk.delete(path)
      break
    }
    case 2: {
      const lines = random.pick(RULES)
      say(`writes rules: ${lines.join(' ')}`)
      if (lines.length === 0) disk.delete(RULE_FILE)
      else disk.write(RULE_FILE, lines.join('\n'))
      break
    }
    default:
      client.ignore = random.pick(RULES)
      say(`ignores ${client.ignore.join(' ')}`)
  }
}

function isFree({ disk }: Client, folder: string): boolean {
  const kind = disk.peek(folder)?.kind
  return kind === undefined || kind === 'folder'
}
