import type { OnEvent } from '../model/events.ts'
import {
  isStorageError,
  type PendingUpload,
  type ProbeFinding,
  type ProbeReport,
  type StorageErrorCode,
  type UploadToken,
} from '../provider/index.ts'
import { SCRATCH_PREFIX } from '../state/layout.ts'
import { writeRemoteReport } from '../state/remote-report.ts'
import { Transfers } from '../state/transfers.ts'
import type { Machine } from './api.ts'
import { checkStore } from './check-store.ts'
import { readIdentity } from './identity.ts'
import { openRemote } from './open-remote.ts'
import { lockRepository, type Repository } from './repository.ts'

/** An upload in parts that was begun and not finished. */
export interface UnfinishedUpload extends PendingUpload {
  /** This folder began it: a sync that needs it goes on with it, and one that does not gives it up after a week. */
  readonly ours: boolean
}

export interface Diagnosis {
  readonly remote: string
  readonly report: ProbeReport | undefined
  readonly findings: readonly ProbeFinding[]
  readonly pendingUploads: readonly UnfinishedUpload[]
}

/** Requests in flight. */
const JOBS = 8

/** Probes the remote anew, tries on it what lsync rests on, remembers what was found, and says for each finding what follows. */
export async function doctorRepository(
  machine: Machine,
  repository: Repository,
  { signal, onEvent }: { readonly signal: AbortSignal; readonly onEvent: OnEvent },
): Promise<Diagnosis> {
  const { disk, config } = repository
  const { world } = machine
  const release = await lockRepository(machine, repository, { signal })
  try {
    const { findings, report, writes } = await examine(machine, repository, { signal, onEvent })
    // Anew, as syncs will: with what was just found. What there is to notice was told before.
    const quietly = { jobs: JOBS, signal, onEvent: () => undefined }
    await using provider = await openRemote(machine, repository, quietly)
    if (writes) {
      const told = new Set(report?.findings.map(({ check }) => check))
      findings.push(...(await checkStore(provider, world, told, { signal })))
    }
    const { uploads } = await Transfers.open(disk, world, config.remote)
    const pendingUploads: UnfinishedUpload[] = []
    try {
      for await (const upload of provider.uploads?.listPending({ signal }) ?? [])
        pendingUploads.push({ ...upload, ours: uploads.some(({ token }) => isOf(upload, token)) })
    } catch (error) {
      findings.push(notListed(error))
    }
    return { remote: config.remote, report, findings, pendingUploads }
  } finally {
    await release()
  }
}

interface Examination {
  readonly findings: ProbeFinding[]
  readonly report: ProbeReport | undefined
  /** The credentials may write. */
  readonly writes: boolean
}

/** What follows where nothing can be written, but all be read: one finding of many. */
const FINDINGS_READ_ONLY: Partial<Record<StorageErrorCode, string>> = {
  forbidden: 'The credentials may read but not write: this repository can only pull.',
  'no-space': 'The remote has no room left: until there is some, this repository can only pull.',
}

/** Whose remote it is, and what its own probe finds there, which is remembered. */
async function examine(
  machine: Machine,
  repository: Repository,
  { signal, onEvent }: { readonly signal: AbortSignal; readonly onEvent: OnEvent },
): Promise<Examination> {
  const { disk, config } = repository
  const { world } = machine
  await using provider = await openRemote(machine, repository, { jobs: JOBS, signal, onEvent })
  const identity = await readIdentity(provider, signal)
  const mine =
    identity !== undefined && (config.repository === undefined || identity.id === config.repository)
  const whose = {
    check: 'identity',
    ok: mine,
    message: mine
      ? 'The remote is the one that this repository was made for.'
      : identity === undefined
        ? 'The remote carries no identity (.lsync/repository.yaml): a sync halts until it is clear that this is the right one. If it is, and has only lost that file: lsync sync --allow other-remote writes it again.'
        : 'The remote belongs to another repository: a sync halts. If it is the right one: lsync config set remote, with its address, compares all files by content, and takes nothing for removed.',
  }
  let report: ProbeReport | undefined
  try {
    report = await provider.probe?.({ signal, scratch: `${SCRATCH_PREFIX}${world.token()}/` })
  } catch (error) {
    const message = isStorageError(error) ? FINDINGS_READ_ONLY[error.code] : undefined
    if (message === undefined) throw error
    return { findings: [whose, { check: 'write', ok: false, message }], report, writes: false }
  }
  await writeRemoteReport(disk, { remote: config.remote, date: world.now(), report, identity })
  return { findings: [whose, ...(report?.findings ?? [])], report, writes: true }
}

/** No sync needs that listing, and many policies leave it out: all else that was found is told all the same. */
function notListed(error: unknown): ProbeFinding {
  if (!isStorageError(error) || !NOT_LISTED.has(error.code)) throw error
  return {
    check: 'unfinished-uploads',
    ok: false,
    message: `Uploads that were begun and not finished cannot be listed (${error.message}): what others left of them takes room there.`,
  }
}

const NOT_LISTED: ReadonlySet<StorageErrorCode> = new Set([
  'forbidden',
  'refused',
  'unsupported',
  'unexpected',
])

/** A listing knows less of an upload than who began it. */
function isOf({ token }: PendingUpload, ours: UploadToken): boolean {
  return Object.entries(token).every(([name, value]) => ours[name] === value)
}
