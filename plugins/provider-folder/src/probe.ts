import { rmSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import {
  bytesSource,
  type Expect,
  isStorageError,
  type ObjectInfo,
  type ProbeFinding,
  type ProbeReport,
  type StorageProvider,
} from '@lsync/core/provider'

/** Tries, operation by operation, what everything rests on, under the scratch prefix. */
export async function probeFolder(
  root: string,
  provider: StorageProvider,
  { signal, scratch }: { readonly signal: AbortSignal; readonly scratch: string },
): Promise<ProbeReport> {
  const findings: ProbeFinding[] = []
  let kept: Kept
  try {
    kept = await look(provider, `${scratch}object`, signal)
  } finally {
    rmSync(join(root, scratch), { recursive: true, force: true })
  }
  const ok = kept.create && kept.replace && kept.remove
  findings.push({
    check: 'conditional-writes',
    ok,
    message: ok
      ? 'Creating, replacing and removing are atomic between processes on this file system.'
      : 'This file system does not keep conditions: do not sync two clients at the same time.',
  })
  findings.push(freeSpace(root))
  const guarantee = (isKept: boolean) => (isKept ? 'atomic' : 'checked')
  return {
    guarantees: {
      ...provider.guarantees,
      create: guarantee(kept.create),
      replace: guarantee(kept.replace),
      remove: guarantee(kept.remove),
    },
    listsFolders: true,
    findings,
  }
}

/** Less is as good as full: for many a file there is no room. */
const SCARCE = 100

function freeSpace(root: string): ProbeFinding {
  const { bavail, bsize } = statfsSync(root)
  const megabytes = Math.floor((bavail * bsize) / 1024 / 1024)
  const ok = megabytes >= SCARCE
  return {
    check: 'free-space',
    ok,
    message: ok
      ? `${megabytes} MB are free on the remote's disk.`
      : `Only ${megabytes} MB are free on the remote's disk: what finds no room there stays here until there is some.`,
  }
}

/** Whether a condition that does not hold is refused. */
type Kept = Readonly<Record<'create' | 'replace' | 'remove', boolean>>

async function look(provider: StorageProvider, key: string, signal: AbortSignal): Promise<Kept> {
  const source = bytesSource(Buffer.from('probe'))
  const put = (expect: Expect): Promise<ObjectInfo> =>
    provider.write(key, source, { signal, expect, metadata: { user: {} } })
  const remove = (expect: string): Promise<void> => provider.remove(key, { signal, expect })
  // Asked for anew each time: what should have been refused may have been done.
  const version = async (): Promise<string> => (await provider.head(key, { signal }))?.version ?? ''

  await put({ kind: 'absent' })
  const create = await refused(() => put({ kind: 'absent' }))
  const former = await version()
  await put({ kind: 'version', version: former })
  const replace = await refused(() => put({ kind: 'version', version: former }))
  const isStaleKept = await refused(() => remove(former))
  if (isStaleKept) await remove(await version())
  return { create, replace, remove: isStaleKept }
}

async function refused(operation: () => Promise<unknown>): Promise<boolean> {
  try {
    await operation()
    return false
  } catch (error) {
    if (isStorageError(error) && error.code === 'precondition-failed') return true
    throw error
  }
}
