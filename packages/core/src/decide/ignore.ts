import ignore from 'ignore'
import type { Path } from '../model/entry.ts'
import { isWithin, leadsInto, nameOf } from '../model/path.ts'

/** Junk of systems and programs that nobody wants to share. */
export const DEFAULT_IGNORES: readonly string[] = [
  '.DS_Store',
  '._*',
  'Thumbs.db',
  'desktop.ini',
  '*.part',
  '*.crdownload',
  '~$*',
  '.~lock.*#',
  '*.swp',
]

/** One file of rules: its folder (`''` at the root) and its text. */
export interface RuleFile {
  readonly folder: Path
  readonly text: string
}

/**
 * The rules as one question. Gitignore syntax by the `ignore` library: a file's rules hold for its folder and below, deeper files decide over
 * higher ones, and nothing below an ignored folder can be taken back in.
 * @param only paths of a selective clone: all else is left out; empty = everything
 */
export function ignorer(
  ignored: readonly string[],
  only: readonly string[],
  files: readonly RuleFile[],
): (path: Path) => boolean {
  const everywhere = ignored.length === 0 ? undefined : ignore().add([...ignored])
  const deepestFirst = files
    .map(({ folder, text }) => ({ folder, rules: ignore().add(text) }))
    .toSorted((a, b) => b.folder.length - a.folder.length)

  const isIgnored = (path: Path): boolean => {
    for (const { folder, rules } of deepestFirst) {
      if (folder !== '' && !path.startsWith(`${folder}/`)) continue
      const below = folder === '' ? path : path.slice(folder.length + 1)
      if (below === '') continue
      const { ignored: yes, unignored: no } = rules.test(below)
      if (yes) return true
      if (no) return false
    }
    return everywhere?.ignores(path) === true || DEFAULTS.test(nameOf(path))
  }
  const isLeftOut = (path: Path): boolean =>
    only.length > 0 &&
    !isWithin(path, only) &&
    !(path.endsWith('/') && leadsInto(path.slice(0, -1), only))

  return (path) => {
    if (isLeftOut(path)) return true
    // Asked from the top: what lies below an ignored folder is ignored with it.
    for (
      let slash = path.indexOf('/');
      slash >= 0 && slash < path.length - 1;
      slash = path.indexOf('/', slash + 1)
    )
      if (isIgnored(path.slice(0, slash + 1))) return true
    return isIgnored(path)
  }
}

/** One expression for all defaults: they are asked for every path there is. */
const DEFAULTS = new RegExp(
  `^(?:${DEFAULT_IGNORES.map((pattern) => pattern.replaceAll(/[.$#]/g, String.raw`\$&`).replaceAll('*', '.*')).join('|')})$`,
  's',
)
