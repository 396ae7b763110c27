import { comparable, sameContent } from '../decide/evidence.ts'
import { DiskError } from '../disk/disk.ts'
import { firstFailure } from '../model/errors.ts'
import { readMetadata } from '../model/metadata.ts'
import type { DownloadAction } from '../model/plan.ts'
import type { RemoteEntry } from '../model/entry.ts'
import { digester } from '../provider/digester.ts'
import { STAGING } from '../state/layout.ts'
import type { Effects } from './context.ts'
import { removeStaged } from './staging.ts'
import type { Staged } from './content.ts'

/** So many files are read for one that may hold the content; then fetching it is cheaper. */
const TRIED = 3

/**
 * Takes the content from a file that is here already, if the store vouches for a digest that the file has: nothing is fetched then.
 * @returns undefined where no such file turns out to hold it
 */
export async function fetchHere(
  effects: Effects,
  { path, remote, here, sameSize }: DownloadAction,
  signal: AbortSignal,
): Promise<Staged | undefined> {
  if (here === undefined && sameSize === undefined) return undefined
  let info: RemoteEntry | undefined = remote
  if (remote.metadata === undefined) info = await effects.provider.head(remote.key, { signal })
  if (info === undefined || info.version !== remote.version) return undefined
  if (readMetadata(info.metadata).link) return undefined
  const claimed = info.digests.sha256 ?? readMetadata(info.metadata).sha256
  // What a writer claimed proves nothing, but it spares the reading of what it rules out.
  const likely =
    here
      ?.filter(({ sha256 }) => claimed === undefined || sha256 === claimed)
      .map((held) => held.path) ??
    sameSize?.candidates(path, remote, claimed) ??
    []
  let tried = 0
  for (const candidate of likely) {
    if (++tried > TRIED) break
    const staged = await copyIfSame(effects, candidate, info, signal)
    if (staged !== undefined) return staged
  }
  return undefined
}

async function copyIfSame(
  { disk, world }: Effects,
  source: string,
  info: RemoteEntry,
  signal: AbortSignal,
): Promise<Staged | undefined> {
  const path = `${STAGING}/${world.token()}`
  let same = false
  try {
    await using from = await disk.open(source)
    if ((await from.stat()).size !== info.size) return undefined
    await using writer = await disk.create(path)
    const digests = digester(comparable(info.digests))
    let at = 0
    for await (const chunk of from.read({}, signal)) {
      await writer.write(chunk, at)
      digests.update(chunk)
      at += chunk.length
    }
    const found = digests.digest()
    // As a digest of what was written: it does not matter whether the source changed meanwhile.
    same = at === info.size && sameContent(found, info.digests) === true
    if (!same) return undefined
    const file = readMetadata(info.metadata)
    await writer.setExecutable(file.executable)
    await writer.setModified(file.mtime ?? info.modified)
    return { path, stat: await writer.stat(), info, file, sha256: found.sha256 }
  } catch (thrown) {
    const error = firstFailure(thrown)
    same = false
    // It is gone, or cannot be read: then the content comes from the remote. What finds no place here would find none then, either.
    if (error instanceof DiskError && error.code !== 'no-space' && error.code !== 'too-large')
      return undefined
    throw error
  } finally {
    if (!same) await removeStaged(disk, path)
  }
}
