import {
  type ByteSource,
  type CallOptions,
  type Expect,
  type Guarantee,
  isStorageError,
  type ProbeFinding,
  type ProbeReport,
  StorageError,
} from '@lsync/core/provider'
import { headRaw, listObjects, putObject } from './operations.ts'
import type { Requester } from './request.ts'
import { uploadsOf, type UploadContext } from './uploads.ts'

/** Tries, operation by operation, what this endpoint honours; cleans up after itself. */
export async function probeBucket(
  context: UploadContext,
  { signal, scratch }: CallOptions & { readonly scratch: string },
): Promise<ProbeReport> {
  const { requester, extra, place } = context
  const made = new Set<string>()
  const put = async (key: string, text: string, expect: Expect) => {
    made.add(key)
    return putObject(
      requester,
      key,
      sourceOf(text),
      { signal, expect, metadata: { user: {} } },
      extra,
    )
  }
  const object = `${scratch}object`
  const stale: Expect = { kind: 'version', version: '0'.repeat(32) }
  try {
    const clock = Date.now()
    const first = await put(object, 'one', { kind: 'absent' })
    const create = await refused(() => put(object, 'two', { kind: 'absent' }))
    const replace = await refused(() => put(object, 'three', stale))
    const commit = await commitKept(context, `${scratch}parts`, made, signal)
    const remove = await removeKept(requester, `${scratch}removed`, put, signal)
    const folders = await foldersListed(
      requester,
      `${scratch}folder/`,
      scratch,
      put,
      place.prefix,
      signal,
    )
    const seen = await headRaw(requester, object, { signal })
    const skew = Date.parse(String(seen?.response.headers['date'] ?? '')) - clock
    void first
    const versioning = seen?.info.historyId !== undefined
    const writes: Guarantee = create && replace ? 'atomic' : 'none'
    return {
      guarantees: {
        create: create ? 'atomic' : 'none',
        replace: replace ? 'atomic' : 'none',
        remove: remove ? 'atomic' : writes === 'atomic' ? 'leased' : 'checked',
        commit: commit ? 'atomic' : 'none',
        copy: 'none',
      },
      listsFolders: folders,
      ...(Number.isFinite(skew) ? { clockSkew: skew } : {}),
      versioning,
      findings: findingsOf({ create, replace, remove, commit, folders, versioning, skew }),
    }
  } finally {
    const still = AbortSignal.timeout(20_000)
    for (const key of made)
      await requester.sendOnly({ method: 'DELETE', key, signal: still }).catch(() => undefined)
  }
}

async function refused(operation: () => Promise<unknown>): Promise<boolean> {
  try {
    await operation()
    return false
  } catch (error) {
    if (isStorageError(error) && error.code === 'precondition-failed') return true
    // A store that knows no conditions may also say so.
    if (isStorageError(error) && error.code === 'unsupported') return false
    throw error
  }
}

/** Both conditions on the end of an upload in parts: some servers know only the first. */
async function commitKept(
  context: UploadContext,
  key: string,
  made: Set<string>,
  signal: AbortSignal,
): Promise<boolean> {
  const uploads = uploadsOf(context)
  const attempt = async (expect: Expect): Promise<boolean> => {
    const session = await uploads.begin(key, {
      signal,
      size: 3,
      digests: {},
      expect,
      metadata: { user: {} },
    })
    try {
      await session.put({ from: 0, to: 3 }, sourceOf('abc'), { signal })
      return await refused(() => session.commit({ signal }))
    } finally {
      await session.abort({ signal }).catch(() => undefined)
    }
  }
  made.add(key)
  try {
    const fresh = !(await attempt({ kind: 'absent' }))
    const taken = await attempt({ kind: 'absent' })
    const stale = await attempt({ kind: 'version', version: '0'.repeat(32) })
    return fresh && taken && stale
  } catch (error) {
    if (isStorageError(error) && ['unsupported', 'unexpected', 'server'].includes(error.code))
      return false
    throw error
  }
}

async function removeKept(
  requester: Requester,
  key: string,
  put: (key: string, text: string, expect: Expect) => Promise<unknown>,
  signal: AbortSignal,
): Promise<boolean> {
  await put(key, 'x', { kind: 'absent' })
  return refused(() =>
    requester.sendOnly({
      method: 'DELETE',
      key,
      headers: { 'if-match': `"${'0'.repeat(32)}"` },
      signal,
    }),
  )
}

async function foldersListed(
  requester: Requester,
  key: string,
  scratch: string,
  put: (key: string, text: string, expect: Expect) => Promise<unknown>,
  prefix: string,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await put(key, '', { kind: 'absent' })
  } catch (error) {
    if (
      error instanceof StorageError &&
      ['bad-key', 'key-conflict', 'unsupported', 'unexpected'].includes(error.code)
    )
      return false
    throw error
  }
  for await (const page of listObjects(requester, prefix, { prefix: scratch }, { signal }))
    if (page.some((info) => info.key === key)) return true
  return false
}

function sourceOf(text: string): ByteSource {
  const bytes = new TextEncoder().encode(text)
  return {
    size: bytes.length,
    digests: {},
    bytes,
    async *open(from) {
      yield bytes.subarray(from)
    },
  }
}

const LARGEST_SKEW = 5 * 60 * 1000

function findingsOf(found: {
  readonly create: boolean
  readonly replace: boolean
  readonly remove: boolean
  readonly commit: boolean
  readonly folders: boolean
  readonly versioning: boolean
  readonly skew: number
}): readonly ProbeFinding[] {
  const { create, replace, remove, commit, folders, versioning, skew } = found
  return [
    {
      check: 'conditional-writes',
      ok: create && replace,
      message:
        create && replace
          ? 'Writes keep their conditions: of two clients that change one file at once, one wins and the other has a conflict.'
          : 'Writes do not keep their conditions here: let only one client sync at a time, or turn on versioning.',
    },
    {
      check: 'conditional-removes',
      ok: true,
      message: remove
        ? 'Removals keep their conditions.'
        : 'Removals keep no conditions here: lsync claims each one by a small object first, which other clients of lsync respect.',
    },
    {
      check: 'conditional-uploads',
      ok: true,
      message: commit
        ? 'Uploads in parts keep their conditions.'
        : 'Uploads in parts keep no conditions here: large files go up in one piece, at most 5 GB each.',
    },
    {
      check: 'folders',
      ok: true,
      message: folders
        ? 'Empty folders are kept.'
        : 'This store does not list empty folders: they are not synced.',
    },
    {
      check: 'versioning',
      ok: true,
      message: versioning
        ? 'The bucket keeps earlier versions: what is overwritten or removed can be had back from it.'
        : 'The bucket keeps no earlier versions: turning versioning on protects against other tools.',
    },
    {
      check: 'clock',
      ok: !(Math.abs(skew) > LARGEST_SKEW),
      message:
        Math.abs(skew) > LARGEST_SKEW
          ? `This computer's clock differs from the store's by ${Math.round(skew / 1000)} s: set it.`
          : "This computer's clock agrees with the store's.",
    },
  ]
}
