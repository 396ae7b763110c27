import {
  type Digests,
  type ObjectInfo,
  type ObjectMetadata,
  StorageError,
} from '@lsync/core/provider'

/** What of an object's resource is asked for. */
const LISTED = 'name,size,generation,metageneration,timeCreated,crc32c,md5Hash'
const METADATA =
  'metadata,contentType,cacheControl,contentDisposition,contentEncoding,contentLanguage'
export const WRITTEN_FIELDS = LISTED
export const FIELDS = `${LISTED},${METADATA}`
export const LIST_FIELDS = `kind,nextPageToken,items(${LISTED})`

/** An object as the JSON API shows it; numbers of 64 bits are strings. */
interface Resource {
  readonly name?: unknown
  readonly size?: unknown
  readonly generation?: unknown
  readonly metageneration?: unknown
  readonly timeCreated?: unknown
  readonly crc32c?: unknown
  readonly md5Hash?: unknown
  readonly metadata?: Readonly<Record<string, unknown>>
}

const CONTENT = [
  'contentType',
  'cacheControl',
  'contentDisposition',
  'contentEncoding',
  'contentLanguage',
] as const

/** Without metadata. `key` as core knows it. */
export function listedInfo(key: string, resource: unknown): ObjectInfo {
  const { name, generation, metageneration, timeCreated, ...rest } = (resource ?? {}) as Resource
  // A line that mixes up its answers: what became of the request is unknown.
  if (typeof name === 'string' && !name.endsWith(key))
    throw new StorageError('network', `the answer about ${key} is about something else`, { key })
  // Google's test bench leaves a size of zero out.
  const size = rest.size ?? (rest.crc32c === EMPTY_CRC32C ? 0 : undefined)
  if (!isNumber(size) || !isNumber(generation) || !isNumber(metageneration))
    throw new StorageError(
      'unexpected',
      `the store does not tell the size or the generation of ${key}`,
      { key },
    )
  const modified = Date.parse(String(timeCreated))
  return {
    key,
    size: Number(size),
    modified: Number.isNaN(modified) ? 0 : modified,
    version: String(generation),
    fingerprint: `${generation}.${metageneration}`,
    digests: digestsOf(rest),
  }
}

export function fullInfo(key: string, resource: unknown): ObjectInfo & Metadata {
  return { ...listedInfo(key, resource), metadata: metadataOf(resource) }
}

const EMPTY_CRC32C = 'AAAAAA=='

interface Metadata {
  readonly metadata: ObjectMetadata
}

function isNumber(value: unknown): value is string | number {
  return (typeof value === 'string' || typeof value === 'number') && /^\d+$/.test(String(value))
}

/** What was put together of several objects has no MD5. */
function digestsOf({ crc32c, md5Hash }: Resource): Digests {
  const crc = hexOf(crc32c, 4)
  const md5 = hexOf(md5Hash, 16)
  return {
    ...(crc === undefined ? {} : { crc32c: crc }),
    ...(md5 === undefined ? {} : { md5 }),
  }
}

function hexOf(base64: unknown, length: number): string | undefined {
  const bytes = typeof base64 === 'string' ? Buffer.from(base64, 'base64') : undefined
  return bytes?.length === length ? bytes.toString('hex') : undefined
}

function metadataOf(resource: unknown): ObjectMetadata {
  const told = resource as Resource & Readonly<Record<string, unknown>>
  const user: Record<string, string> = {}
  for (const [name, value] of Object.entries(told.metadata ?? {}))
    if (typeof value === 'string' && !isNote(name)) user[name] = value
  const content: Partial<Record<(typeof CONTENT)[number], string>> = {}
  for (const field of CONTENT) {
    const value = told[field]
    // Cloud Storage says this where nobody said what it is.
    if (typeof value === 'string' && value !== '' && value !== UNKNOWN_TYPE) content[field] = value
  }
  return { user, ...content }
}

export const UNKNOWN_TYPE = 'application/octet-stream'

/** Google's test bench notes how an object came into it, and takes what it is told of that for a checksum. */
function isNote(name: string): boolean {
  return /^x_(emulator|testbench)_/.test(name)
}

/** What Cloud Storage keeps beside an object, names and values together, in bytes. */
const LARGEST = 8192

/** The resource of a write or a copy, but for its name. */
export function resourceOf(
  { user, ...content }: ObjectMetadata,
  storageClass: string | undefined,
): Record<string, unknown> {
  let size = 0
  for (const [name, value] of Object.entries(user))
    size += Buffer.byteLength(name) + Buffer.byteLength(value)
  if (size > LARGEST)
    throw new StorageError(
      'unsupported',
      `Cloud Storage keeps at most ${LARGEST} bytes of metadata with an object, these are ${size}`,
    )
  return {
    ...content,
    // Always said: a copy that is given other metadata would else lose it.
    contentType: content.contentType ?? UNKNOWN_TYPE,
    metadata: user,
    ...(storageClass === undefined ? {} : { storageClass }),
  }
}
