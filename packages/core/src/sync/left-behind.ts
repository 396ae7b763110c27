import { giveUp } from '../execute/upload-in-parts.ts'
import type { Effects } from '../execute/context.ts'
import type { Path } from '../model/entry.ts'
import { isWithin } from '../model/path.ts'
import type { SyncMode } from '../model/plan.ts'
import type { DownloadRecord, UploadRecord } from '../state/transfer-record.ts'

/** An interrupted transfer that no run has wanted for so long (milliseconds) is given up. */
const LONGEST = 7 * 24 * 60 * 60 * 1000

/**
 * At the end of a run that saw everything within the paths: transfers that were interrupted once and that this run had no use for.
 * What arrived by another way is given up at once, the rest after a week. Uploads that others began are never touched.
 */
export async function clearLeftBehind(
  effects: Pick<Effects, 'provider' | 'signal' | 'state' | 'transfers' | 'world'>,
  mode: SyncMode,
  within: readonly Path[],
): Promise<void> {
  const { provider, signal, state, transfers, world } = effects
  await transfers.tidy()
  const isOld = ({ begun }: UploadRecord | DownloadRecord): boolean => world.now() - begun > LONGEST
  const left = <T extends UploadRecord | DownloadRecord>(
    records: readonly T[],
    pathOf: (record: T) => Path,
  ): readonly T[] =>
    records.filter((record) => !transfers.isUsed(record) && isWithin(pathOf(record), within))

  const uploads = mode === 'pull' ? [] : left(transfers.uploads, ({ path }) => path)
  const downloads = mode === 'push' ? [] : left(transfers.downloads, ({ key }) => key)
  const entries = await state.entriesOf(
    [...uploads.map(({ path }) => path), ...downloads.map(({ key }) => key)],
    signal,
  )
  for (const record of uploads) {
    const arrived = entries.get(record.path)?.sha256 === record.sha256
    if (!arrived && !isOld(record)) continue
    if (!transfers.isHere(record) || provider.uploads === undefined) {
      if (isOld(record)) await transfers.remove(record)
    } else await giveUp(effects, provider.uploads, record)
  }
  for (const record of downloads) {
    const arrived = entries.get(record.key)?.remote.version === record.version
    if (arrived || isOld(record)) await transfers.remove(record)
  }
}
