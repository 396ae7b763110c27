import {
  type CallOptions,
  type Guarantees,
  isStorageError,
  type OpenOptions,
  StorageError,
  type StorageProvider,
} from '@lsync/core/provider'
import type { S3Client } from '@aws-sdk/client-s3'
import { connect } from './connection.ts'
import { endpointOf, identify } from './credentials.ts'
import { metadataHeaders } from './metadata.ts'
import { headObject, headRaw, listObjects, putObject, readObject } from './operations.ts'
import { probeBucket } from './probe.ts'
import { LeasedRemoval, removeAtomically } from './remove.ts'
import { type Endpoint, Requester } from './request.ts'
import { makeClient } from './sdk.ts'
import { parseUrl, type Place } from './url.ts'
import { uploadsOf, type UploadContext } from './uploads.ts'

/** Before any probe the least is assumed: conditions on plain writes, which every current S3 knows, and nothing else. */
const LEAST: Guarantees = {
  create: 'atomic',
  replace: 'atomic',
  remove: 'leased',
  commit: 'none',
  copy: 'none',
}

/** Opens a bucket and checks that it answers to us. */
export async function openBucket(url: string, options: OpenOptions): Promise<StorageProvider> {
  const { settings, environment, known, signal } = options
  const place = parseUrl(url)
  const identity = await identify(options)
  const custom = endpointOf(settings, environment)
  const pathStyle =
    settings['path-style'] === undefined
      ? custom !== undefined || place.bucket.includes('.')
      : settings['path-style'] === 'true'
  const endpoint = endpointFor(custom, identity.region, place, pathStyle)
  const dispatcher = await connect(options)
  const requester = new Requester(dispatcher, identity, endpoint, place)
  const extra = extraHeaders(settings)
  let client: Promise<S3Client> | undefined
  const context: UploadContext = {
    requester,
    client: () => (client ??= makeClient(dispatcher, identity, custom, pathStyle)),
    place,
    extra,
    headersOf: metadataHeaders,
  }
  try {
    await check(requester, place, signal)
  } catch (error) {
    await dispatcher.close()
    throw error
  }
  const guarantees = known?.guarantees ?? LEAST
  const leased = new LeasedRemoval(requester)

  const provider: StorageProvider = {
    guarantees,
    listsFolders: known?.listsFolders ?? false,
    list: (range, call) => listObjects(requester, place.prefix, range, call),
    head: (key, call) => headObject(requester, key, call),
    read: (key, call) => readObject(requester, key, call),
    async write(key, source, call) {
      if (guarantees.create === 'none' || guarantees.replace === 'none')
        await checkFirst(requester, key, call)
      try {
        return await putObject(requester, key, source, call, extra)
      } catch (error) {
        const taken =
          isStorageError(error) &&
          error.code === 'precondition-failed' &&
          call.expect.kind === 'absent'
        // What is there may be a tombstone that nobody clears any more.
        if (!taken || !(await leased.clearStale(key, call.signal))) throw error
        return putObject(requester, key, source, call, extra)
      }
    },
    async remove(key, call) {
      if (guarantees.remove === 'atomic') return removeAtomically(requester, key, call)
      if (guarantees.remove === 'leased') return leased.remove(key, call)
      await checkFirst(requester, key, {
        ...call,
        expect: { kind: 'version', version: call.expect },
      })
      await requester.sendOnly({ method: 'DELETE', key, signal: call.signal })
    },
    probe: (call) => probeBucket(context, call),
    // Only where the end of an upload keeps its condition: a large file is never worth an unconditional write.
    ...(guarantees.commit === 'atomic' ? { uploads: uploadsOf(context) } : {}),
    async [Symbol.asyncDispose]() {
      await dispatcher.destroy()
    },
  }
  return provider
}

/**
 * RACE: where a store keeps no conditions, the look and the write are two steps; worst outcome: two clients that change one file in the same
 * moment lose one of the two changes on the remote (the client that wrote it still has it). `init` and `doctor` say so.
 */
async function checkFirst(
  requester: Requester,
  key: string,
  {
    expect,
    signal,
  }: CallOptions & { readonly expect: { readonly kind: string; readonly version?: string } },
): Promise<void> {
  const now = await headRaw(requester, key, { signal })
  if (now?.info.version !== (expect.kind === 'absent' ? undefined : expect.version))
    throw new StorageError('precondition-failed', `another version is there: ${key}`, { key })
}

function endpointFor(
  custom: string | undefined,
  region: string,
  { bucket }: Place,
  pathStyle: boolean,
): Endpoint {
  const standard = `https://s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`
  let url: URL
  try {
    url = new URL(custom ?? standard)
  } catch (error) {
    throw new StorageError(
      'bad-remote',
      `the endpoint ${custom ?? ''} is no web address like https://host`,
      { cause: error },
    )
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new StorageError(
      'bad-remote',
      `the endpoint ${custom ?? ''} is no web address like https://host`,
    )
  const above = url.pathname.replace(/\/+$/, '')
  if (pathStyle) return { origin: url.origin, host: url.host, base: `${above}/${bucket}` }
  return {
    origin: `${url.protocol}//${bucket}.${url.host}`,
    host: `${bucket}.${url.host}`,
    base: above,
  }
}

function extraHeaders(settings: OpenOptions['settings']): Readonly<Record<string, string>> {
  const storageClass = settings['storage-class']
  const encryption = settings['encryption']
  const key = settings['encryption-key']
  return {
    ...(storageClass === undefined ? {} : { 'x-amz-storage-class': storageClass }),
    ...(encryption === undefined ? {} : { 'x-amz-server-side-encryption': encryption }),
    ...(key === undefined ? {} : { 'x-amz-server-side-encryption-aws-kms-key-id': key }),
  }
}

/** One cheap question that fails for all reasons for which everything would. */
async function check(
  requester: Requester,
  { bucket, prefix }: Place,
  signal: AbortSignal,
): Promise<void> {
  try {
    await requester.text({
      method: 'GET',
      query: { 'list-type': '2', 'max-keys': '1', prefix },
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
