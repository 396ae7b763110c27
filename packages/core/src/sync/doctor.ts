import type { OnEvent } from '../model/events.ts'
import {
  isStorageError,
  type PendingUpload,
  type ProbeFinding,
  type ProbeReport,
} from '../provider/index.ts'
import { SCRATCH_PREFIX } from '../state/layout.ts'
import { writeRemoteReport } from '../state/remote-report.ts'
import type { Machine } from './api.ts'
import { readIdentity } from './identity.ts'
import { lockRepository, openRemote, type Repository } from './repository.ts'

export interface Diagnosis {
  readonly remote: string
  readonly report: ProbeReport | undefined
  readonly findings: readonly ProbeFinding[]
  readonly pendingUploads: readonly PendingUpload[]
}

/** Probes the remote anew, remembers what was found, and says for each finding what follows. */
export async function doctorRepository(
  machine: Machine,
  repository: Repository,
  { signal, onEvent }: { readonly signal: AbortSignal; readonly onEvent: OnEvent },
): Promise<Diagnosis> {
  const { disk, config } = repository
  const { world } = machine
  const release = await lockRepository(machine, repository, 0, signal)
  try {
    await using provider = await openRemote(machine, repository, 8, signal, onEvent)
    const findings: ProbeFinding[] = []
    const identity = await readIdentity(provider, signal)
    const mine = identity !== undefined && identity.id === config.repository
    findings.push({
      check: 'identity',
      ok: mine,
      message: mine
        ? 'The remote is the one that this repository was made for.'
        : identity === undefined
          ? 'The remote carries no identity (.lsync/repository.yaml): a sync halts until it is clear that this is the right one.'
          : 'The remote belongs to another repository: a sync halts.',
    })
    let report: ProbeReport | undefined
    try {
      report = await provider.probe?.({ signal, scratch: `${SCRATCH_PREFIX}${world.token()}/` })
    } catch (error) {
      if (!isStorageError(error) || error.code !== 'forbidden') throw error
      findings.push({
        check: 'write',
        ok: false,
        message: 'The credentials may read but not write: this repository can only pull.',
      })
    }
    if (report !== undefined) {
      findings.push(...report.findings)
      await writeRemoteReport(disk, config.remote, world.now(), report)
    }
    const pendingUploads: PendingUpload[] = []
    if (provider.uploads !== undefined)
      for await (const upload of provider.uploads.listPending({ signal }))
        pendingUploads.push(upload)
    return { remote: config.remote, report, findings, pendingUploads }
  } finally {
    await release()
  }
}
