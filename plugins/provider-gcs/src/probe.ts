import {
  bytesSource,
  type Expect,
  type Guarantees,
  isStorageError,
  type ProbeOptions,
  type ProbeReport,
} from '@lsync/core/provider'
import type { BucketFacts } from './client.ts'
import { copyOf } from './copy.ts'
import { findingsOf, type Found } from './findings.ts'
import { listObjects } from './listing.ts'
import { ABSENT, NO_METADATA, ODD, ProbeScene, versionOf } from './probe-scene.ts'
import { uploadsOf } from './uploads.ts'
import type { Writing } from './writing.ts'

/** Of no object. */
const STALE = '1'
/** What an unfinished upload session keeps at least. */
const QUANTUM = 256 * 1024

/** Tries, operation by operation, what this endpoint honours; cleans up after itself. `forbidden` without the right to write. */
export async function probeBucket(
  writing: Writing,
  facts: (signal: AbortSignal) => Promise<BucketFacts>,
  options: ProbeOptions,
): Promise<ProbeReport> {
  const { signal } = options
  const scene = new ProbeScene(writing, options)
  let seen: Seen
  let deletes = false
  try {
    seen = await look(scene)
  } finally {
    deletes = await scene.cleanUp()
  }
  const found: Found = { ...seen, ...(await scene.again(() => facts(signal))), deletes }
  return {
    guarantees: guaranteesOf(found),
    listsFolders: found.folders,
    ...(Number.isFinite(found.skew) ? { clockSkew: found.skew } : {}),
    ...(found.versioning === undefined ? {} : { versioning: found.versioning }),
    traits: { host: writing.requester.host },
    findings: findingsOf(found),
  }
}

type Seen = Omit<Found, 'deletes' | keyof BucketFacts>

function guaranteesOf({ create, replace, remove, commit, copy }: Found): Guarantees {
  return {
    create: create ? 'atomic' : 'checked',
    replace: replace ? 'atomic' : 'checked',
    remove: remove ? 'atomic' : 'checked',
    commit: commit ? 'atomic' : 'none',
    copy: copy ? 'atomic' : 'none',
  }
}

async function look(scene: ProbeScene): Promise<Seen> {
  const { skew } = await scene.again(async () => scene.look(await scene.written()))
  return {
    create: await scene.step(() => creates(scene), false),
    replace: await scene.step(() => replaces(scene), false),
    remove: await scene.step(() => removes(scene), false),
    copy: await scene.step(() => copies(scene), false),
    commit: await scene.step(() => sessions(scene), false),
    checksums: await scene.step(() => checksBytes(scene), true),
    folders: await scene.step(() => listsFolders(scene), false),
    skew,
  }
}

async function creates(scene: ProbeScene): Promise<boolean> {
  const key = await scene.written()
  return scene.refuses(() => scene.put(key, 'two', ABSENT))
}

async function replaces(scene: ProbeScene): Promise<boolean> {
  const key = await scene.written()
  const staleRefused = await scene.refuses(() => scene.put(key, 'stale', versionOf(STALE)))
  const { version } = await scene.look(key)
  return staleRefused && (await scene.allows(() => scene.put(key, 'right', versionOf(version))))
}

/** A wrong condition is refused, and a right one is not: only then can removals rest on it. */
async function removes(scene: ProbeScene): Promise<boolean> {
  const key = `${scene.scratch}removed`
  const { version } = await scene.put(key, 'x', ABSENT)
  const { requester } = scene.writing
  const remove = (ifGenerationMatch: string) => () =>
    requester.sendOnly({
      method: 'DELETE',
      path: requester.object(key),
      key,
      query: { ifGenerationMatch },
      signal: scene.signal,
    })
  return (await scene.refuses(remove(STALE))) && (await scene.allows(remove(version)))
}

async function copies(scene: ProbeScene): Promise<boolean> {
  const from = await scene.written()
  const to = `${scene.scratch}copy`
  const copy = copyOf(scene.writing)
  const { version } = await scene.look(from)
  scene.made(to)
  const attempt = (source: string, expect: Expect) => () =>
    copy({ key: from, version: source }, to, {
      signal: scene.signal,
      expect,
      metadata: NO_METADATA,
      size: 3,
    })
  return (
    (await scene.refuses(attempt(STALE, ABSENT), 'not-found')) &&
    (await scene.allows(attempt(version, ABSENT))) &&
    (await scene.refuses(attempt(version, ABSENT))) &&
    (await scene.refuses(attempt(version, versionOf(STALE))))
  )
}

/** A session goes on by its token alone, knows how much it has, is refused where another was faster, and is not where its condition holds. */
async function sessions(scene: ProbeScene): Promise<boolean> {
  const key = `${scene.scratch}upload`
  const uploads = uploadsOf(scene.writing)
  const bytes = Buffer.alloc(QUANTUM + 1)
  const signal = scene.signal
  scene.made(key)
  const begin = (expect: Expect) =>
    uploads.begin(key, { signal, size: bytes.length, digests: {}, expect, metadata: NO_METADATA })
  try {
    const first = await begin(ABSENT)
    await first.put({ from: 0, to: bytes.length }, bytesSource(bytes), { signal })
    const resumed = await uploads.resume(first.token, { signal })
    const [range] = await resumed.missing({ signal })
    if (range?.from !== QUANTUM) return false
    await resumed.put(range, bytesSource(bytes.subarray(QUANTUM)), { signal })
    const { version } = await scene.put(key, 'another was faster', ABSENT)
    if (!(await scene.refuses(() => resumed.commit({ signal })))) return false
    const second = await begin(versionOf(version))
    await second.put({ from: 0, to: bytes.length }, bytesSource(bytes), { signal })
    return await scene.allows(() => second.commit({ signal }))
  } catch (error) {
    if (isStorageError(error) && (ODD.has(error.code) || error.code === 'precondition-failed'))
      return false
    throw error
  }
}

/** Bytes that are not what was announced. */
async function checksBytes(scene: ProbeScene): Promise<boolean> {
  try {
    await scene.put(`${scene.scratch}checksum`, 'right', ABSENT, true)
    return false
  } catch (error) {
    if (isStorageError(error) && (error.code === 'bad-digest' || ODD.has(error.code))) return true
    throw error
  }
}

async function listsFolders(scene: ProbeScene): Promise<boolean> {
  const key = `${scene.scratch}folder/`
  try {
    await scene.put(key, '', ABSENT)
  } catch (error) {
    if (isStorageError(error) && (ODD.has(error.code) || error.code === 'bad-key')) return false
    throw error
  }
  const pages = listObjects(
    scene.writing.requester,
    { prefix: scene.scratch },
    { signal: scene.signal },
  )
  for await (const page of pages) if (page.some((info) => info.key === key)) return true
  return false
}
