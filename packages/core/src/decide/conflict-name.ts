import { isFolderKey, nameOf, parentOf, joinPath } from '../model/path.ts'

/** Room that a conflict copy's name leaves for the original one, in UTF-8 bytes, out of the 255 that disks allow. */
const LONGEST_AUTHOR = 60
const LONGEST_NAME = 255

/**
 * `notes (conflict, AUTHOR, 2026-01-31 14.05.09).txt`: beside the original, so that the same program opens it.
 * Author and date come from the object, so every clone gives the same copy the same name.
 * @param modified milliseconds since the epoch
 * @param attempt 1 for the plain name; higher ones are numbered
 */
export function conflictName(path: string, author: string, modified: number, attempt = 1): string {
  if (isFolderKey(path)) throw new TypeError('a folder is never in conflict with itself')
  const date = new Date(modified).toISOString().slice(0, 19).replace('T', ' ').replaceAll(':', '.')
  const number = attempt === 1 ? '' : ` ${attempt}`
  const mark = ` (conflict, ${cut(plain(author), LONGEST_AUTHOR) || 'unknown'}, ${date}${number})`
  return marked(path, mark)
}

/** `notes (restored 2).txt`: for what comes back where something else is by now. */
export function restoredName(path: string, attempt: number): string {
  return marked(path, ` (restored${attempt === 1 ? '' : ` ${attempt}`})`)
}

function marked(path: string, mark: string): string {
  const name = nameOf(path)
  const dot = name.lastIndexOf('.')
  const [stem, extension] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, '']
  const room = LONGEST_NAME - Buffer.byteLength(mark) - Buffer.byteLength(extension)
  const copy =
    room > 0
      ? `${cut(stem, room)}${mark}${extension}`
      : `${cut(name, LONGEST_NAME - Buffer.byteLength(mark))}${mark}`
  return joinPath(parentOf(path), copy)
}

/** An author's name comes from a bucket that anybody may have written to: nothing that a path or a terminal reads as more than text. */
function plain(author: string): string {
  return author.replaceAll(/[^\p{L}\p{N} ._@+-]/gu, '_').trim()
}

function cut(text: string, bytes: number): string {
  let kept = ''
  let used = 0
  for (const character of text) {
    used += Buffer.byteLength(character)
    if (used > bytes) break
    kept += character
  }
  return kept
}
