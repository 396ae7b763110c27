import { type RemoteSettings, StorageError } from '@lsync/core/provider'

export interface StoreSettings {
  readonly storageClass?: string
  readonly encryption?: string
  readonly encryptionKey?: string
}

/** How objects are to be stored, checked: a typing error must not show up as the refusal of the first upload. */
export function storeSettings(settings: RemoteSettings): StoreSettings {
  const storageClass = settings['storage-class']
  const encryption = settings['encryption']
  const encryptionKey = settings['encryption-key']
  if (encryption !== undefined && !['AES256', 'aws:kms', 'aws:kms:dsse'].includes(encryption))
    throw new StorageError(
      'bad-remote',
      `encryption is AES256, aws:kms or aws:kms:dsse, not ${encryption}`,
    )
  if (encryptionKey !== undefined && encryption?.startsWith('aws:kms') !== true)
    throw new StorageError('bad-remote', 'an encryption-key needs encryption: aws:kms')
  return {
    ...(storageClass === undefined ? {} : { storageClass }),
    ...(encryption === undefined ? {} : { encryption }),
    ...(encryptionKey === undefined ? {} : { encryptionKey }),
  }
}

export function encryptionHeaders({
  encryption,
  encryptionKey,
}: StoreSettings): Record<string, string> {
  return {
    ...(encryption === undefined ? {} : { 'x-amz-server-side-encryption': encryption }),
    ...(encryptionKey === undefined
      ? {}
      : { 'x-amz-server-side-encryption-aws-kms-key-id': encryptionKey }),
  }
}

/** For a whole object; the parts of an upload carry none of these. */
export function writeHeaders(settings: StoreSettings): Record<string, string> {
  const { storageClass } = settings
  return {
    ...(storageClass === undefined ? {} : { 'x-amz-storage-class': storageClass }),
    ...encryptionHeaders(settings),
  }
}
