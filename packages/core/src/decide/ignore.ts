import ignore, { type Ignore } from 'ignore'
import type { Path } from '../model/entry.ts'
import { isWithin, joinPath, leadsInto, nameOf, parentOf } from '../model/path.ts'
import { costOf, type Refusal } from './rule-cost.ts'

/** A file of rules: it holds for its folder and everything below, and is itself synced like any file. */
export const RULE_FILE = '.lsyncignore'

/** Junk of systems and programs that nobody wants to share. A rule with `!` takes any of it back in. */
export const DEFAULT_IGNORES: readonly string[] = [
  '.DS_Store',
  '._*',
  '.Spotlight-V100',
  '.Trashes',
  '.fseventsd',
  'Thumbs.db',
  'desktop.ini',
  '*.part',
  '*.crdownload',
  '~$*',
  '.~lock.*#',
  '*.swp',
]

/**
 * Of these, what systems leave in folders by themselves and make again at will. The others belong to somebody who is at work: an editor's swap
 * file holds what was not saved yet.
 */
const JUNK = /^(?:\.DS_Store|\._.*|Thumbs\.db|desktop\.ini)$/s

export function isJunk(path: Path): boolean {
  return JUNK.test(nameOf(path))
}

/** What the configuration leaves out. */
export interface IgnoreSettings {
  /** Lines in gitignore syntax, as if they stood above the first line of the root's rule file. */
  readonly ignore: readonly string[]
  /** Paths of a selective clone: all else is left out; empty = everything. */
  readonly only: readonly Path[]
}

/**
 * What is left out of a run, as one question. Gitignore syntax by the `ignore` library: the last line that matches decides, those of deeper files
 * come after those of higher ones, and nothing below an ignored folder can be taken back in. Case counts, on every disk: clones must agree.
 *
 * The rule files are those that are here, as the walk finds them: a folder's own is added when the walk enters it, before anything in it is asked
 * about. Both sides are judged by the same rules; one that arrives from the remote holds from the next look on.
 */
export class IgnoreRules {
  readonly #only: readonly Path[]
  readonly #everywhere: Rules
  readonly #files = new Map<Path, Rules>()
  /** Answers for folders: whatever lies in one asks about it. */
  readonly #folders = new Map<Path, boolean>()
  /** The folder that was asked about last, without its slash: mostly it is the next one, too. */
  #last: { readonly folder: Path; readonly ignored: boolean } | undefined

  constructor({ ignore: lines, only }: IgnoreSettings) {
    this.#only = only
    this.#everywhere = new Rules(undefined, lines)
  }

  /**
   * Takes in the rule file of a folder, `''` for the root's; those of the folders above come first.
   * @returns why it was not taken in, where that would cost too much
   */
  add(folder: Path, text: string): Refusal | undefined {
    const above = this.#rulesIn(folder)
    const lines = text.replace(/^\u{FEFF}/u, '').split(/\r?\n/)
    const cost = costOf(lines, above.cost)
    if (typeof cost !== 'number') return cost
    const own = folder === '' ? lines : lines.flatMap((line) => below(folder, line))
    this.#files.set(folder, new Rules(above, own, cost))
    return undefined
  }

  /** True if the key is left out; that of a folder ends in `/`. */
  ignores(path: Path): boolean {
    return this.#isOutside(path) || this.#isIgnored(path)
  }

  /** True if something below the folder may not be left out. */
  enters(folder: Path): boolean {
    const only = this.#only
    return (only.length === 0 || leadsInto(folder, only)) && !this.#isIgnored(`${folder}/`)
  }

  #isIgnored(path: Path): boolean {
    const parent = parentOf(path)
    return (
      (parent !== '' && this.#isIgnoredFolder(parent)) ||
      this.#rulesIn(parent).ignores(path, nameOf(path))
    )
  }

  #isIgnoredFolder(folder: Path): boolean {
    if (this.#last?.folder === folder) return this.#last.ignored
    const ignored = this.#folders.get(folder) ?? this.#isIgnored(`${folder}/`)
    if (this.#folders.size >= MOST_REMEMBERED) this.#folders.clear()
    this.#folders.set(folder, ignored)
    this.#last = { folder, ignored }
    return ignored
  }

  /** The deepest rules that hold for what lies in the folder; each has those above in it. */
  #rulesIn(folder: Path): Rules {
    if (this.#files.size === 0) return this.#everywhere
    for (let at = folder; ; at = parentOf(at)) {
      const rules = this.#files.get(at)
      if (rules !== undefined) return rules
      if (at === '') return this.#everywhere
    }
  }

  /** The rule files on the way to the named paths come along: they hold for them. */
  #isOutside(path: Path): boolean {
    const only = this.#only
    if (only.length === 0 || isWithin(path, only)) return false
    const folder = parentOf(path)
    return nameOf(path) !== RULE_FILE || !(folder === '' || leadsInto(folder, only))
  }
}

const MOST_REMEMBERED = 4096

/** Lines, over the defaults. */
class Rules {
  /** Of the lines of files, those above included. */
  readonly cost: number
  /** Absent where there are no lines. */
  #lines: Ignore | undefined
  #asked = 0

  constructor(above: Rules | undefined, lines: readonly string[], cost = 0) {
    this.cost = cost
    const inherited = above === undefined ? undefined : above.#lines
    if (inherited === undefined && lines.length === 0) return
    this.#lines = ignore(OPTIONS)
      .add(inherited ?? [])
      .add([...lines])
  }

  ignores(path: Path, name: string): boolean {
    if (this.#lines !== undefined) {
      // The library remembers its answer for every path, without end: it starts afresh now and then.
      if (++this.#asked % MOST_REMEMBERED === 0) this.#lines = ignore(OPTIONS).add(this.#lines)
      const { ignored, unignored } = this.#lines.test(path)
      if (ignored || unignored) return ignored
    }
    return DEFAULTS.test(name)
  }
}

/** Keys of a remote are asked about as they are: `/x` and `../x`, which no disk could hold, too. */
const OPTIONS = { ignorecase: false, allowRelativePaths: true } as const

/** One expression for all defaults: they are asked for every path there is. */
const DEFAULTS = new RegExp(
  `^(?:${DEFAULT_IGNORES.map((pattern) => pattern.replaceAll(/[.$#]/g, String.raw`\$&`).replaceAll('*', '.*')).join('|')})$`,
  's',
)

/** A line of a folder's rule file, as it would stand in the root's. */
function below(folder: Path, line: string): readonly string[] {
  const negative = line.startsWith('!')
  const body = negative ? line.slice(1) : line
  if (line.startsWith('#') || /^\/* *$/.test(body)) return []
  // Without a slash before its end, a pattern matches at any depth.
  const anchored = /\/(?! *$)/.test(body)
  const pattern = anchored ? body.replace(/^\//, '') : `**/${body}`
  return [`${negative ? '!' : ''}/${joinPath(escaped(folder), pattern)}`]
}

function escaped(folder: Path): string {
  return folder.replaceAll(/[\\*?[\]]/g, String.raw`\$&`)
}
