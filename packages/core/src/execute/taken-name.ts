import type { Path } from '../model/entry.ts'
import { firstFailure } from '../model/errors.ts'
import { ancestorsOf } from '../model/path.ts'
import type { UploadAction } from '../model/plan.ts'
import { isStorageError, type StorageProvider } from '../provider/index.ts'
import { PathProblem } from './consequence.ts'

/**
 * A create that is refused for what no listing shows, in this run and in all others: it is nothing that moved on, and would hold removals back for ever. Some
 * stores take names for one another that are two keys for us: behind them is a disk that folds letters, or knows one form of them only. In some a folder
 * stands in the file's place that holds nothing which they list.
 *
 * RACE: an object that somebody creates and removes within these requests looks the same. The file stays here, and the next run tells.
 * @returns what an upload failed with, or that its name cannot be kept
 */
export async function orTakenName(
  provider: StorageProvider,
  { path, expect }: UploadAction,
  thrown: unknown,
  signal: AbortSignal,
): Promise<unknown> {
  const error = firstFailure(thrown)
  if (!isStorageError(error) || expect.kind !== 'absent') return thrown
  const isThere = async (key: Path): Promise<boolean> =>
    (await provider.head(key, { signal })) !== undefined
  if (error.code === 'precondition-failed') {
    if (!(await isThere(path)) || (await firstKey(provider, path, signal)) === path) return thrown
    return new PathProblem(
      'name-refused',
      'the remote takes it for the name of another object there',
    )
  }
  if (error.code !== 'key-conflict') return thrown
  if ((await firstKey(provider, `${path}/`, signal)) !== undefined) return thrown
  for (const folder of ancestorsOf(path)) if (await isThere(folder)) return thrown
  return new PathProblem('name-refused', error.message)
}

/** The first key that begins so: the prefix itself, if the store lists it. */
async function firstKey(
  provider: StorageProvider,
  prefix: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  for await (const [first] of provider.list({ prefix }, { signal }))
    if (first !== undefined) return first.key
  return undefined
}
