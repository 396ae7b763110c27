import { parse, stringify } from 'yaml'
import { LsyncError } from '../model/errors.ts'
import {
  type ByteSource,
  type Digests,
  isStorageError,
  StorageError,
  type StorageProvider,
} from '../provider/index.ts'
import { sha256Of } from '../scan/hash.ts'
import { IDENTITY_KEY } from '../state/layout.ts'

/** The format of what lies on the remote. A newer one is refused. */
export const REMOTE_FORMAT = 1
/** What this version understands of `requires`: nothing yet. */
const UNDERSTOOD: ReadonlySet<string> = new Set()

/** `.lsync/repository.yaml` on the remote: who the repository is, and what a client must understand to touch it. */
export interface Identity {
  readonly id: string
  readonly format: number
  readonly requires: readonly string[]
}

/** Undefined if the remote carries none. LsyncError `newer-format` or `unknown-requirement` where this version must keep its hands off. */
export async function readIdentity(
  provider: StorageProvider,
  signal: AbortSignal,
): Promise<Identity | undefined> {
  for (let attempt = 1; ; attempt++) {
    let bytes: Buffer
    let digests: Digests
    try {
      const { info, body } = await provider.read(IDENTITY_KEY, { signal })
      const chunks: Uint8Array[] = []
      for await (const chunk of body) chunks.push(chunk)
      bytes = Buffer.concat(chunks)
      digests = info.digests
    } catch (error) {
      if (isStorageError(error) && error.code === 'not-found') return undefined
      throw error
    }
    // A byte that was damaged on the way could make another repository of it.
    if (attempt === READS || digests.sha256 === undefined || digests.sha256 === sha256Of(bytes))
      return parseIdentity(bytes.toString())
  }
}

const READS = 3

export function parseIdentity(text: string): Identity {
  let value: unknown
  try {
    value = parse(text)
  } catch {
    value = undefined
  }
  const { id, format, requires } = (value ?? {}) as Record<string, unknown>
  if (typeof id !== 'string' || id === '' || typeof format !== 'number')
    throw new StorageError('unexpected', `${IDENTITY_KEY} on the remote is damaged`, {
      key: IDENTITY_KEY,
    })
  if (format > REMOTE_FORMAT)
    throw new LsyncError('newer-format', `the remote has format ${format}`, {
      what: 'the remote',
      format,
      known: REMOTE_FORMAT,
    })
  const needed = Array.isArray(requires) ? requires.map(String) : []
  const unknown = needed.filter((name) => !UNDERSTOOD.has(name))
  if (unknown.length > 0)
    throw new LsyncError('unknown-requirement', `the remote requires ${unknown.join(', ')}`, {
      requires: unknown.join(', '),
    })
  return { id, format, requires: needed }
}

/** Writes the identity if there is none; returns the one that stands there in the end. */
export async function claimIdentity(
  provider: StorageProvider,
  id: string,
  created: number,
  signal: AbortSignal,
): Promise<Identity> {
  const identity: Identity = { id, format: REMOTE_FORMAT, requires: [] }
  const text = `# Made by lsync: what this remote is. Do not remove it while folders sync here.\n${stringify(
    {
      format: identity.format,
      id,
      created: new Date(created).toISOString(),
      requires: identity.requires,
    },
  )}`
  const bytes = new TextEncoder().encode(text)
  const source: ByteSource = {
    size: bytes.length,
    digests: { sha256: sha256Of(bytes) },
    bytes,
    async *open(from) {
      yield bytes.subarray(from)
    },
  }
  try {
    await provider.write(IDENTITY_KEY, source, {
      signal,
      expect: { kind: 'absent' },
      metadata: { user: {}, contentType: 'application/yaml' },
    })
    await provider.flush?.({ signal })
    return identity
  } catch (error) {
    if (!isStorageError(error) || error.code !== 'precondition-failed') throw error
  }
  const theirs = await readIdentity(provider, signal)
  if (theirs === undefined)
    throw new StorageError('busy', 'the remote is being set up or removed by somebody else')
  return theirs
}
