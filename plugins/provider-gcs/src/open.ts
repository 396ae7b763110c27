import {
  type CallOptions,
  type Expect,
  isStorageError,
  type OpenOptions,
  StorageError,
  type StorageProvider,
} from '@lsync/core/provider'
import { connect } from '@lsync/http'
import { bucketFacts } from './client.ts'
import { copyOf } from './copy.ts'
import { loadCrc32c } from './crc32c.ts'
import { credentialsOf } from './credentials.ts'
import { endpointOf } from './endpoint.ts'
import { guaranteesOf, knownHere } from './known.ts'
import { listObjects } from './listing.ts'
import { probeBucket } from './probe.ts'
import { isGeneration, otherVersion, Reader } from './reading.ts'
import { Requester } from './request.ts'
import { storeSettings } from './settings.ts'
import { tokenFetch } from './token-fetch.ts'
import { parseUrl } from './url.ts'
import { uploadsOf } from './uploads.ts'
import { writeObject, type Writing } from './writing.ts'

/** Opens a bucket and checks that it answers to us. */
export async function openBucket(url: string, options: OpenOptions): Promise<StorageProvider> {
  const { settings, signal } = options
  signal.throwIfAborted()
  const place = parseUrl(url)
  const store = storeSettings(settings)
  const endpoint = endpointOf(options)
  const [connections, crc32c] = await Promise.all([connect(options), loadCrc32c()])
  try {
    const credentials = credentialsOf(options, endpoint, tokenFetch(connections))
    const requester = new Requester(connections, endpoint, credentials, place, store.userProject)
    await check(requester, signal)
    const known = knownHere(endpoint, options)
    const versioned = known?.versioning === true && (await keepsVersions(requester, signal))

    const guarantees = guaranteesOf(known, endpoint)
    const writing: Writing = { requester, crc32c, store }
    const reader = new Reader(requester, crc32c)
    const remove = (key: string, expect: string, call: CallOptions): Promise<unknown> =>
      requester.sendOnly({
        method: 'DELETE',
        path: requester.object(key),
        key,
        query: { ifGenerationMatch: expect },
        ...call,
      })

    return {
      guarantees,
      listsFolders: known?.listsFolders ?? endpoint.isGoogle,
      get quickest() {
        return connections.quickest
      },
      list: (range, call) => listObjects(requester, range, call),
      async head(key, call) {
        const info = await reader.head(key, call)
        return info === undefined || !versioned ? info : { ...info, historyId: info.version }
      },
      read: (key, call) => reader.read(key, call),
      async write(key, source, call) {
        if (guarantees[call.expect.kind === 'absent' ? 'create' : 'replace'] !== 'atomic')
          await checkFirst(reader, key, call.expect, call)
        return writeObject(writing, key, source, call)
      },
      async remove(key, { expect, signal: aborted }) {
        aborted.throwIfAborted()
        if (!isGeneration(expect)) throw otherVersion(key)
        if (guarantees.remove !== 'atomic') await checkRemoval(reader, key, expect, aborted)
        await remove(key, expect, { signal: aborted })
      },
      probe: (call) =>
        probeBucket(
          writing,
          async (aborted) =>
            bucketFacts(endpoint.origin, place, await credentials(aborted), aborted),
          call,
        ),
      // Where sessions do not work as documented, a file goes up in one piece, of any size.
      ...(guarantees.commit === 'atomic' ? { uploads: uploadsOf(writing) } : {}),
      ...(guarantees.copy === 'atomic' ? { copy: copyOf(writing) } : {}),
      ...(versioned ? { history: { read: (key, call) => reader.readEarlier(key, call) } } : {}),
      async [Symbol.asyncDispose]() {
        await connections.destroy()
      },
    }
  } catch (error) {
    await connections.destroy()
    throw error
  }
}

/** One cheap question that fails for all reasons for which everything would: few objects, if any, have that prefix. */
async function check(requester: Requester, signal: AbortSignal): Promise<void> {
  const { bucket, prefix } = requester.place
  try {
    await requester.json({
      method: 'GET',
      path: requester.objects(),
      query: { maxResults: '1', prefix: `${prefix}.lsync/`, fields: 'kind' },
      signal,
    })
  } catch (error) {
    if (isStorageError(error) && (error.code === 'no-remote' || error.code === 'not-found'))
      throw new StorageError('no-remote', `there is no bucket ${bucket} at ${requester.host}`, {
        cause: error,
      })
    throw error
  }
}

/**
 * Asked at each opening where a probe found it so: what is overwritten is kept if the setting says so at that time, whenever it was written; and
 * core relies on it instead of its trash.
 */
async function keepsVersions(requester: Requester, signal: AbortSignal): Promise<boolean> {
  try {
    const answer = await requester.json({
      method: 'GET',
      path: requester.bucket(),
      query: { fields: 'versioning' },
      signal,
    })
    const { versioning } = (answer ?? {}) as { versioning?: { enabled?: unknown } }
    return versioning?.enabled === true
  } catch (error) {
    if (isStorageError(error) && error.code === 'forbidden') return false
    throw error
  }
}

/**
 * RACE: where an emulator keeps no conditions, the look and the write are two steps; worst outcome: two clients that change one file in the same
 * moment lose one of the two changes on the remote (the client that wrote it still has it). `init` and `doctor` say so.
 */
async function checkFirst(
  reader: Reader,
  key: string,
  expect: Expect,
  call: CallOptions,
): Promise<void> {
  const now = await reader.head(key, { signal: call.signal })
  if (now?.version !== (expect.kind === 'absent' ? undefined : expect.version))
    throw otherVersion(key)
}

/**
 * RACE: where an emulator keeps no condition on removals, the look and the removal are two steps; worst outcome: what another client wrote in between
 * is gone from the bucket, while that client still has it, and takes it for removed by somebody (it goes to its trash). `init` and `doctor` say so.
 */
async function checkRemoval(
  reader: Reader,
  key: string,
  expect: string,
  signal: AbortSignal,
): Promise<void> {
  const now = await reader.head(key, { signal })
  if (now === undefined) throw new StorageError('not-found', `no such object: ${key}`, { key })
  if (now.version !== expect) throw otherVersion(key)
}
