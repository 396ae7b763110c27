import { type Disk, DiskError } from '../disk/disk.ts'
import type { LocalEntry } from '../model/entry.ts'
import { parentOf } from '../model/path.ts'
import { STAGING } from '../state/layout.ts'
import type { Effects } from './context.ts'
import { swap } from './place.ts'

/**
 * Puts new content in the place of a local file that is still what was seen; the old file goes to the trash. Same order as for downloads: staged,
 * intent, flushed, swapped, flushed, and only then the intent is closed. The base is not touched: the file reads as edited.
 * @returns the file as it lies there now
 */
export async function replaceContent(
  { disk, state, trash, world }: Pick<Effects, 'disk' | 'state' | 'trash' | 'world'>,
  path: string,
  from: LocalEntry,
  content: AsyncIterable<Uint8Array>,
): Promise<LocalEntry | undefined> {
  const staged = `${STAGING}/${world.token()}`
  {
    await using writer = await disk.create(staged)
    let at = 0
    for await (const chunk of content) {
      await writer.write(chunk, at)
      at += chunk.length
    }
  }
  const aside = await trash.placeFor(path)
  await state.intend([{ path, trash: aside }])
  await disk.flush([state.journalPath, staged, parentOf(aside)])
  const { executable = false } = from.stat
  await swap(
    { disk, trash, isJunk: () => false },
    {
      placement: { action: { path, from } },
      staged: { path: staged, file: { executable, link: false } },
      aside,
    },
  )
  await disk.flush([path, aside])
  await state.record([{ path, entry: (await state.get(path))?.entry }])
  const stat = await disk.stat(path)
  return stat?.kind === 'file' ? { type: 'file', stat, seen: world.now() } : undefined
}

/** Moves a file or folder out of the way under a free name; nothing is overwritten, whatever is in it. */
export async function moveAside(
  disk: Disk,
  path: string,
  nameOf: (attempt: number) => string,
): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const name = nameOf(attempt)
    try {
      await disk.rename(path, name, { overwrite: false })
      await disk.flush([name])
      return name
    } catch (error) {
      if (!(error instanceof DiskError) || error.code !== 'exists' || attempt > 100) throw error
    }
  }
}
