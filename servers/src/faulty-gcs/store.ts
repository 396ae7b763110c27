import { createHash } from 'node:crypto'
import { checksumOf } from '../faulty-s3/checksums.ts'
import { SortedMap } from '../faulty/sorted-map.ts'
import { GcsError, invalid } from './errors.ts'

/** What a client may say of an object; the rest is the server's. */
export interface Settable {
  readonly contentType?: string
  readonly cacheControl?: string
  readonly contentDisposition?: string
  readonly contentEncoding?: string
  readonly contentLanguage?: string
  readonly storageClass?: string
  readonly metadata?: Readonly<Record<string, string>>
}

/** One generation of an object; never changed, only replaced. */
export interface StoredObject {
  readonly bytes: Buffer
  readonly generation: number
  readonly metageneration: number
  /** Milliseconds since the epoch: of the content, and of the metadata. */
  readonly created: number
  readonly updated: number
  /** Base64. */
  readonly crc32c: string
  readonly md5: string
  readonly said: Settable
}

/** A resumable upload session. */
export interface Upload {
  readonly id: string
  readonly key: string
  /** Those of its beginning: its conditions hold at its end. */
  readonly query: ReadonlyMap<string, string>
  readonly said: Settable
  /** What the object must be, as far as it was told. */
  readonly expected: Expected
  bytes: Buffer
  /** Once it has ended. */
  made?: StoredObject
}

export interface Expected {
  readonly crc32c?: string
  readonly md5Hash?: string
}

/** A rewrite that takes several calls. */
export interface Rewrite {
  readonly source: string
  readonly destination: string
  readonly generation: number
  done: number
}

export class Bucket extends SortedMap<StoredObject> {
  readonly name: string
  readonly created: number
  /** Whether generations that are replaced or removed are kept. */
  readonly versioning: boolean
  readonly uploads = new Map<string, Upload>()
  readonly rewrites = new Map<string, Rewrite>()
  readonly #earlier = new Map<string, StoredObject[]>()
  #generation: number

  constructor(name: string, created: number, versioning: boolean) {
    super()
    this.name = name
    this.created = created
    this.versioning = versioning
    this.#generation = created * 1000
  }

  /** The live one, or that generation of it if it is there or was kept. */
  find(key: string, generation: number | undefined): StoredObject | undefined {
    const live = this.get(key)
    if (generation === undefined || live?.generation === generation) return live
    return this.#earlier.get(key)?.find((one) => one.generation === generation)
  }

  override delete(key: string): void {
    this.#keep(key)
    super.delete(key)
  }

  #keep(key: string): void {
    const live = this.get(key)
    if (live !== undefined && this.versioning)
      this.#earlier.set(key, [...(this.#earlier.get(key) ?? []), live])
  }

  /** Makes a new generation. Checked against what the client says that the bytes are. */
  make(
    key: string,
    bytes: Buffer,
    said: Settable,
    now: number,
    expected: Expected = {},
  ): StoredObject {
    const crc32c = checksumOf('crc32c', bytes)
    const md5 = createHash('md5').update(bytes).digest('base64')
    differs('CRC32C', expected.crc32c, crc32c)
    differs('MD5 hash', expected.md5Hash, md5)
    // Microseconds, and later than any before.
    this.#generation = Math.max(this.#generation + 1, Math.floor(now * 1000))
    const object: StoredObject = {
      bytes,
      generation: this.#generation,
      metageneration: 1,
      created: now,
      updated: now,
      crc32c,
      md5,
      said,
    }
    this.#keep(key)
    this.put(key, object)
    return object
  }
}

function differs(name: string, told: string | undefined, found: string): void {
  if (told !== undefined && told !== found)
    throw invalid(
      `Provided ${name} "${told}" doesn't match calculated ${name} "${found}".`.replace(
        /MD5 hash/g,
        'MD5 hash (md5Hash)',
      ),
    )
}

/** What Cloud Storage takes for the name of an object. */
export function checkName(key: string): void {
  if (key === '') throw new GcsError(400, 'required', 'Required parameter: name')
  if (Buffer.byteLength(key) > 1024)
    throw invalid('The maximum object length is 1024 characters, but got a name with more.')
  if (/[\r\n]/.test(key) || key === '.' || key === '..')
    throw invalid('Disallowed unicode characters or reserved name in the name of the object.')
}

export class Store {
  readonly #buckets = new Map<string, Bucket>()

  create(name: string, now: number, versioning = false): Bucket {
    if (!/^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/.test(name))
      throw invalid(`Invalid bucket name: '${name}'`)
    if (this.#buckets.has(name))
      throw new GcsError(
        409,
        'conflict',
        'Your previous request to create the named bucket succeeded and you already own it.',
      )
    const bucket = new Bucket(name, now, versioning)
    this.#buckets.set(name, bucket)
    return bucket
  }

  bucket(name: string): Bucket {
    const bucket = this.#buckets.get(name)
    if (bucket === undefined)
      throw new GcsError(404, 'notFound', 'The specified bucket does not exist.')
    return bucket
  }
}
