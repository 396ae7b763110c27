import fs from 'node:fs'
import { join } from 'node:path'

const MARK = '.lsync'

/** Paths in order, each with what it is: a file's text, an empty folder, a link. What belongs to lsync is left out. */
export function treeOf(root: string): Readonly<Record<string, string>> {
  const tree: Record<string, string> = {}
  const walk = (folder: string): void => {
    const names = fs.readdirSync(join(root, folder)).filter((name) => name !== MARK)
    if (names.length === 0 && folder !== '') tree[`${folder}/`] = 'empty folder'
    for (const name of names.toSorted()) {
      const path = folder === '' ? name : `${folder}/${name}`
      const stat = fs.lstatSync(join(root, path))
      if (stat.isDirectory()) walk(path)
      else tree[path] = what(join(root, path), stat)
    }
  }
  walk('')
  return tree
}

function what(path: string, stat: fs.Stats): string {
  if (stat.isSymbolicLink()) return `link to ${fs.readlinkSync(path)}`
  const text = fs.readFileSync(path, 'utf8').trimEnd()
  return (stat.mode & 0o100) === 0 ? text : `${text} (executable)`
}

/** `path: text` of every file of a trash, without the folders of the runs. */
export function contentsOf(trash: string): readonly string[] {
  if (!fs.existsSync(trash)) return []
  return fs
    .readdirSync(trash)
    .flatMap((run) =>
      Object.entries(treeOf(join(trash, run)))
        .filter(([path]) => !path.endsWith('/'))
        .map(([path, text]) => `${path}: ${text}`),
    )
    .toSorted()
}
