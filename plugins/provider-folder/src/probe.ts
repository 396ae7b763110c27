import { rmSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import {
  bytesSource,
  isStorageError,
  type ProbeFinding,
  type ProbeReport,
  type StorageProvider,
} from '@lsync/core/provider'

/** Tries the operations that everything rests on, under the scratch prefix. */
export async function probeFolder(
  root: string,
  provider: StorageProvider,
  { signal, scratch }: { readonly signal: AbortSignal; readonly scratch: string },
): Promise<ProbeReport> {
  const findings: ProbeFinding[] = []
  const source = bytesSource(Buffer.from('probe'))
  const metadata = { user: {} }
  const key = `${scratch}object`
  try {
    const first = await provider.write(key, source, {
      signal,
      expect: { kind: 'absent' },
      metadata,
    })
    const created = await refused(() =>
      provider.write(key, source, { signal, expect: { kind: 'absent' }, metadata }),
    )
    const second = await provider.write(key, source, {
      signal,
      expect: { kind: 'version', version: first.version },
      metadata,
    })
    const replaced = await refused(() =>
      provider.write(key, source, {
        signal,
        expect: { kind: 'version', version: first.version },
        metadata,
      }),
    )
    const removed = await refused(() => provider.remove(key, { signal, expect: first.version }))
    await provider.remove(key, { signal, expect: second.version })
    const ok = created && replaced && removed
    findings.push({
      check: 'conditional-writes',
      ok,
      message: ok
        ? 'Creating, replacing and removing are atomic between processes on this file system.'
        : 'This file system does not keep conditions: do not sync two clients at the same time.',
    })
  } finally {
    rmSync(join(root, scratch), { recursive: true, force: true })
  }
  const { bavail, bsize } = statfsSync(root)
  findings.push({
    check: 'free-space',
    ok: bavail > 0,
    message: `${Math.floor((bavail * bsize) / 1024 / 1024)} MB are free on the remote's disk.`,
  })
  return { guarantees: provider.guarantees, listsFolders: true, findings }
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
