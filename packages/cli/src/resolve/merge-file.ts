import { readMetadata, type Sides } from '@lsync/core'
import { baseContent, localContent, remoteContent, textOf } from '../compare/contents.ts'
import { hasMarkers, mergeTexts } from '../compare/merge.ts'
import { runTool, type Tools, withFiles, Workshop } from '../compare/tools.ts'

/** What came of a merge: content for both sides, or why there is none. */
export type MergeResult =
  | { readonly kind: 'merged'; readonly content: Uint8Array; readonly changesLocal: boolean }
  | { readonly kind: 'left'; readonly reason: string }

/**
 * Merges the two sides of a file: with the person's merge tool if she has one, else by lines. Where both changed the same lines, or no base is known,
 * somebody must look: in an editor, if there is a person. Nothing is written but files of its own.
 */
export async function mergeFile(
  sides: Sides,
  tools: Tools,
  interactive: boolean,
): Promise<MergeResult> {
  if (sides.local?.type === 'link' || isLink(sides))
    return { kind: 'left', reason: 'a symbolic link cannot be merged' }
  const [local, remote] = [await localContent(sides), await remoteContent(sides, undefined)]
  if (local?.text === undefined || remote?.text === undefined)
    return { kind: 'left', reason: 'it is no text, or too long, so it cannot be merged' }
  const base = await baseContent(sides)
  const mine = local.text
  const draft = mergeTexts(base?.text, mine, remote.text, { local: 'here', remote: 'remote' })
  const done = (text: string): MergeResult => ({
    kind: 'merged',
    content: new TextEncoder().encode(text),
    changesLocal: text !== mine,
  })
  if (tools.merge === undefined) {
    if (draft.overlaps === 0) return done(draft.text)
    if (!interactive)
      return {
        kind: 'left',
        reason:
          base === undefined
            ? 'the version that both sides changed is not known, so they cannot be merged unseen'
            : 'both sides changed the same lines',
      }
  }
  await using workshop = await Workshop.open(sides.path)
  const merged = await workshop.put('merged', draft.text)
  const code =
    tools.merge === undefined
      ? await runTool(withFiles(tools.editor, 'MERGED'), { MERGED: merged })
      : await runTool(withFiles(tools.merge, 'MERGED'), {
          MERGED: merged,
          LOCAL: await workshop.put('local', mine),
          REMOTE: await workshop.put('remote', remote.text),
          BASE: await workshop.put('base', base?.text ?? ''),
        })
  if (code !== 0) return { kind: 'left', reason: `the program ended with ${code}` }
  const text = textOf(await workshop.take(merged))
  if (text === undefined) return { kind: 'left', reason: 'what the program left is no text' }
  if (hasMarkers(text) && !hasMarkers(mine) && !hasMarkers(remote.text))
    return { kind: 'left', reason: 'there are still lines between <<<<<<< and >>>>>>>' }
  return done(text)
}

function isLink({ remote }: Sides): boolean {
  return readMetadata(remote?.metadata).link
}
