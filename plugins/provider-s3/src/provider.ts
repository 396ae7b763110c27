import {
  type Guarantees,
  isStorageError,
  StorageError,
  type StorageProvider,
} from '@lsync/core/provider'
import type { Bucket } from './bucket.ts'
import { copyOf } from './copy.ts'
import { historyOf } from './history.ts'
import { guaranteesOf } from './known.ts'
import { LIST_PAGE, listObjects, listUnordered } from './listing.ts'
import { LARGEST_SINGLE, WORTHWHILE } from './parts.ts'
import { probeBucket } from './probe.ts'
import { headObject, headRaw, readObject } from './reading.ts'
import { LeasedRemoval, removeAtomically, removeChecked, removeLeased } from './remove.ts'
import type { Requester } from './request.ts'
import { encryptionHeaders, writeHeaders } from './settings.ts'
import { type Conditional, uploadsOf, type UploadContext } from './uploads.ts'
import { putObject } from './writing.ts'

/** The contract on a bucket: each operation in the way of which this store keeps the conditions, or the next best. */
export function providerOf(bucket: Bucket): StorageProvider {
  const { store, connections, requester, multipart, known, traits, isAmazon } = bucket
  const { prefix } = bucket.place
  const guarantees = guaranteesOf(known, isAmazon)
  const isOrdered = traits.order === undefined ? isAmazon : traits.order === 'bytes'
  const leased = new LeasedRemoval(requester, encryptionHeaders(store), {
    looksFirst: guarantees.replace !== 'atomic',
    onNotice: bucket.onNotice,
  })
  const write = writeOf(bucket, guarantees, leased)
  const context: UploadContext = {
    requester,
    multipart,
    guarded: (key, call, operation) =>
      clearing(leased, key, call, async () => {
        if (guarantees.commit !== 'atomic') await checkFirst(requester, key, call)
        return operation()
      }),
  }
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
      return (isOrdered ? listObjects : listUnordered)(requester, prefix, range, call)
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
    probe: (call) => probeBucket(bucket, call),
    // Where the end of an upload keeps no condition, one conditional PUT is safer; only what is too large for that goes up in parts.
    uploads: uploadsOf(context, guarantees.commit === 'atomic' ? WORTHWHILE : LARGEST_SINGLE + 1),
    ...(known?.versioning === true ? { history: historyOf(requester, prefix) } : {}),
    ...(guarantees.copy === 'atomic' ? { copy: copyOf(context, write) } : {}),
    async [Symbol.asyncDispose]() {
      await connections.destroy()
    },
  }
}

function writeOf(
  { requester, store, known, traits }: Bucket,
  guarantees: Guarantees,
  leased: LeasedRemoval,
): StorageProvider['write'] {
  const extra = writeHeaders(store)
  return (key, source, call) =>
    clearing(leased, key, call, async () => {
      const kept = guarantees[call.expect.kind === 'absent' ? 'create' : 'replace']
      if (kept !== 'atomic') await checkFirst(requester, key, call)
      return putObject(requester, key, source, {
        ...call,
        extra,
        // Some stores refuse right conditions, too; a wrong create is all the same worth refusing.
        conditional:
          kept === 'atomic' ||
          known === undefined ||
          traits.steps === 'two' ||
          call.expect.kind === 'absent',
      })
    })
}

function leavesOut(host: string): StorageError {
  return new StorageError(
    'unexpected',
    `${host} was seen to leave objects out of its listings, which would be taken for removed`,
  )
}

/** A create that found its place taken: what is there may be a tombstone that nobody clears any more. */
async function clearing<T>(
  leased: LeasedRemoval,
  key: string,
  { expect, signal }: Conditional,
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
  { expect, signal }: Conditional,
): Promise<void> {
  const now = await headRaw(requester, key, { signal })
  if (now?.info.version === (expect.kind === 'absent' ? undefined : expect.version)) return
  throw now === undefined
    ? new StorageError('precondition-failed', `it is gone: ${key}`, { key })
    : new StorageError('precondition-failed', `another version is there: ${key}`, { key })
}
