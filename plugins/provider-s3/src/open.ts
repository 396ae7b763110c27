import type { S3Client } from '@aws-sdk/client-s3'
import {
  type CallOptions,
  type Expect,
  isStorageError,
  type OpenOptions,
  StorageError,
  type StorageProvider,
} from '@lsync/core/provider'
import { connect, knownAt } from '@lsync/http'
import { makeClient } from './client.ts'
import { copyOf } from './copy.ts'
import { credentialsOf } from './credentials.ts'
import { endpointOf, isAmazon, type Service, serviceOf } from './endpoint.ts'
import { WrongRegion } from './errors.ts'
import { historyOf } from './history.ts'
import { guaranteesOf, traitsOf } from './known.ts'
import { LIST_PAGE, listObjects, listUnordered } from './listing.ts'
import { Multipart } from './multipart.ts'
import { LARGEST_SINGLE, WORTHWHILE } from './parts.ts'
import { probeBucket } from './probe.ts'
import { headObject, headRaw, readObject } from './reading.ts'
import { LeasedRemoval, removeAtomically, removeChecked, removeLeased } from './remove.ts'
import { Requester } from './request.ts'
import { encryptionHeaders, storeSettings, writeHeaders } from './settings.ts'
import { parseUrl, type Place } from './url.ts'
import { uploadsOf, type UploadContext } from './uploads.ts'
import { putObject } from './writing.ts'
import { parseListing } from './xml.ts'

/** Opens a bucket and checks that it answers to us. */
export async function openBucket(url: string, options: OpenOptions): Promise<StorageProvider> {
  const { settings, signal } = options
  signal.throwIfAborted()
  const place = parseUrl(url)
  const store = storeSettings(settings)
  const extra = writeHeaders(store)
  const connections = await connect({ ...options, bundle: 'AWS_CA_BUNDLE' })
  try {
    const credentials = credentialsOf(options, connections)
    const reach = (service: Service): Requester =>
      new Requester(connections, credentials, endpointOf(service, place), place)
    const { requester, service } = await findRegion(
      await serviceOf(options, place),
      reach,
      place,
      options,
    )

    let client: Promise<S3Client> | undefined
    const multipart = new Multipart(
      () => (client ??= makeClient(connections, credentials, service)),
      requester,
      place,
      extra,
    )
    const known = knownAt(requester.host, options)
    const guarantees = guaranteesOf(known, isAmazon(service))
    const traits = traitsOf(known)
    if (traits.conditions !== undefined) requester.conditions = traits.conditions
    for (const kind of traits.refused) requester.refused.add(kind)
    const isOrdered = traits.order === undefined ? isAmazon(service) : traits.order === 'bytes'
    const leased = new LeasedRemoval(requester, encryptionHeaders(store), {
      looksFirst: guarantees.replace !== 'atomic',
      ...(options.onNotice === undefined ? {} : { onNotice: options.onNotice }),
    })
    const guarded: UploadContext['guarded'] = (key, expect, call, operation) =>
      clearing(leased, key, expect, call, async () => {
        if (guarantees.commit !== 'atomic') await checkFirst(requester, key, expect, call)
        return operation()
      })
    const context: UploadContext = { requester, multipart, guarded }
    const write: StorageProvider['write'] = (key, source, call) =>
      clearing(leased, key, call.expect, call, async () => {
        const kept = guarantees[call.expect.kind === 'absent' ? 'create' : 'replace']
        if (kept !== 'atomic') await checkFirst(requester, key, call.expect, call)
        return putObject(requester, key, source, {
          ...call,
          extra,
          // Some stores refuse right conditions, too; a wrong create is all the same worth refusing.
          conditional: kept === 'atomic' || known === undefined || call.expect.kind === 'absent',
        })
      })

    return {
      guarantees,
      listsFolders: known?.listsFolders ?? false,
      // In ranges only where a range surely holds all that lies between its ends.
      ...(isOrdered ? { listPage: LIST_PAGE } : {}),
      get quickest() {
        return connections.quickest
      },
      list(range, call) {
        if (traits.order === 'gaps') throw leavesOut(requester.host)
        return (isOrdered ? listObjects : listUnordered)(requester, place.prefix, range, call)
      },
      head: (key, call) => headObject(requester, key, call),
      read: (key, call) => readObject(requester, key, call),
      write,
      async remove(key, call) {
        if (guarantees.remove === 'atomic') return removeAtomically(requester, key, call)
        // A claim is the better way also where nobody knows yet if its condition is kept.
        if (guarantees.remove === 'leased' || known === undefined)
          return removeLeased(requester, leased, key, call)
        return removeChecked(requester, key, call)
      },
      probe: (call) => probeBucket(requester, place, extra, multipart, isAmazon(service), call),
      // Where the end of an upload keeps no condition, one conditional PUT is safer; only what is too large for that goes up in parts.
      uploads: uploadsOf(context, guarantees.commit === 'atomic' ? WORTHWHILE : LARGEST_SINGLE + 1),
      ...(known?.versioning === true ? { history: historyOf(requester, place.prefix) } : {}),
      ...(guarantees.copy === 'atomic' ? { copy: copyOf(context, write) } : {}),
      async [Symbol.asyncDispose]() {
        await connections.destroy()
      },
    }
  } catch (error) {
    await connections.destroy()
    throw error
  }
}

/** Asks where the service was said to be; if the bucket says that it lives in another region, there, once. */
async function findRegion(
  service: Service,
  reach: (service: Service) => Requester,
  place: Place,
  { signal, onNotice }: OpenOptions,
): Promise<{ readonly requester: Requester; readonly service: Service }> {
  const requester = reach(service)
  try {
    await check(requester, place, signal)
    return { requester, service }
  } catch (error) {
    if (!(error instanceof WrongRegion) || error.region === undefined) throw error
    const right = { ...service, region: error.region }
    onNotice?.(
      `the bucket ${place.bucket} is in ${error.region}, not ${service.region}: set the region to spare a request`,
    )
    const there = reach(right)
    await check(there, place, signal)
    return { requester: there, service: right }
  }
}

function leavesOut(host: string): StorageError {
  return new StorageError(
    'unexpected',
    `${host} was seen to leave objects out of its listings, which would be taken for removed`,
  )
}

/** One cheap question that fails for all reasons for which everything would. */
async function check(
  requester: Requester,
  { bucket, prefix }: Place,
  signal: AbortSignal,
): Promise<void> {
  try {
    const query = { 'list-type': '2', 'max-keys': '1', prefix }
    // Whatever else answers in the store's place is found out here.
    parseListing(await requester.text({ method: 'GET', query, signal }))
  } catch (error) {
    if (isStorageError(error) && (error.code === 'no-remote' || error.code === 'not-found'))
      throw new StorageError('no-remote', `there is no bucket ${bucket} at ${requester.host}`, {
        cause: error,
      })
    throw error
  }
}

/** A create that found its place taken: what is there may be a tombstone that nobody clears any more. */
async function clearing<T>(
  leased: LeasedRemoval,
  key: string,
  expect: Expect,
  { signal }: CallOptions,
  operation: () => Promise<T>,
): Promise<T> {
  try {
    return await operation()
  } catch (error) {
    const taken =
      expect.kind === 'absent' && isStorageError(error) && error.code === 'precondition-failed'
    if (!taken || !(await leased.clearStale(key, signal))) throw error
    return operation()
  }
}

/**
 * RACE: where a store keeps no conditions, the look and the write are two steps; worst outcome: two clients that change one file in the same
 * moment lose one of the two changes on the remote (the client that wrote it still has it). `init` and `doctor` say so.
 */
async function checkFirst(
  requester: Requester,
  key: string,
  expect: Expect,
  { signal }: CallOptions,
): Promise<void> {
  const now = await headRaw(requester, key, { signal })
  if (now?.info.version === (expect.kind === 'absent' ? undefined : expect.version)) return
  throw now === undefined
    ? new StorageError('precondition-failed', `it is gone: ${key}`, { key })
    : new StorageError('precondition-failed', `another version is there: ${key}`, { key })
}
