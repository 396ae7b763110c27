import type { Conflict } from '@lsync/core'
import type { Tools } from '../compare/tools.ts'
import { escapeName } from '../render/escape.ts'
import { mergeFile } from './merge-file.ts'
import type { Session } from './session.ts'

/** Merges the two sides as they are now, and settles the conflict with what came of it. */
export async function mergeOne(
  session: Session,
  conflict: Conflict,
  tools: Tools,
  interactive: boolean,
): Promise<{ readonly left?: Conflict; readonly said: string }> {
  const { path } = conflict
  const name = escapeName(path)
  const not = (reason: string) => ({ left: conflict, said: `${name} is not merged: ${reason}.` })
  if (conflict.kind === 'file-folder') return not('one side holds a file and the other a folder')
  await using sides = await session.open(path)
  const { local, remote } = sides
  if (local === undefined || remote === undefined) return not('it changed meanwhile')
  const result = await mergeFile(sides, tools, interactive)
  if (result.kind === 'left') return not(result.reason)
  const { content, changesLocal } = result
  const left = await session.applyMerge({ path, local, remote }, content, changesLocal)
  if (left === undefined) return not('it changed here while it was merged')
  const [still] = left
  if (still !== undefined)
    return { left: still, said: `${name} is merged here, but changed on the remote meanwhile.` }
  return { said: `${name} is merged.` }
}
