import { type RemoteSettings, StorageError } from '@lsync/core/provider'

/** How objects are to be stored, checked: a typing error must not show up as the refusal of the first upload. */
export interface StoreSettings {
  readonly storageClass?: string
  /** The resource name of a Cloud KMS key. */
  readonly kmsKey?: string
  readonly userProject?: string
}

export function storeSettings(settings: RemoteSettings): StoreSettings {
  const storageClass = settings['storage-class']?.toUpperCase()
  const kmsKey = settings['encryption-key']
  const userProject = settings['project']
  if (storageClass !== undefined && !/^[A-Z_]+$/.test(storageClass))
    throw new StorageError('bad-remote', `${settings['storage-class']} is no storage class`)
  if (
    kmsKey !== undefined &&
    !/^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+$/.test(kmsKey)
  )
    throw new StorageError(
      'bad-remote',
      `encryption-key is projects/P/locations/L/keyRings/R/cryptoKeys/K, not ${kmsKey}`,
    )
  return {
    ...(storageClass === undefined ? {} : { storageClass }),
    ...(kmsKey === undefined ? {} : { kmsKey }),
    ...(userProject === undefined ? {} : { userProject }),
  }
}
