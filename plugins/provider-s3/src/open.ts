import type { S3Client } from '@aws-sdk/client-s3'
import {
  isStorageError,
  type OpenOptions,
  StorageError,
  type StorageProvider,
} from '@lsync/core/provider'
import { connect, knownAt } from '@lsync/http'
import { makeClient } from './client.ts'
import { credentialsOf } from './credentials.ts'
import { endpointOf, isAmazon, type Service, serviceOf } from './endpoint.ts'
import { WrongRegion } from './errors.ts'
import { traitsOf } from './known.ts'
import { Multipart } from './multipart.ts'
import { providerOf } from './provider.ts'
import { Requester } from './request.ts'
import { storeSettings, writeHeaders } from './settings.ts'
import { parseUrl, type Place } from './url.ts'
import { parseListing } from './xml.ts'

/** Opens a bucket and checks that it answers to us. */
export async function openBucket(url: string, options: OpenOptions): Promise<StorageProvider> {
  const { settings, signal, onNotice } = options
  signal.throwIfAborted()
  const place = parseUrl(url)
  const store = storeSettings(settings)
  const connections = await connect({ ...options, bundle: 'AWS_CA_BUNDLE' })
  try {
    const credentials = credentialsOf(options, connections)
    const reach = (service: Service): Requester =>
      new Requester(connections, credentials, endpointOf(service, place), place)
    const there = await findRegion(await serviceOf(options, place), reach, place, options)
    const { requester, service } = there

    const known = knownAt(requester.host, options)
    const traits = traitsOf(known)
    if (traits.conditions !== undefined) requester.conditions = traits.conditions
    for (const kind of traits.refused) requester.refused.add(kind)

    let client: Promise<S3Client> | undefined
    const sdk = () => (client ??= makeClient(connections, credentials, service))
    const multipart = new Multipart(sdk, requester, place, writeHeaders(store))
    return providerOf({
      place,
      store,
      connections,
      requester,
      multipart,
      known,
      traits,
      isAmazon: isAmazon(service),
      onNotice,
    })
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
