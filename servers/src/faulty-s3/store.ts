import { SortedMap } from '../faulty/sorted-map.ts'
import type { Algorithm, Checksum, ChecksumType } from './checksums.ts'
import { noSuchUpload, S3Error } from './errors.ts'

/** What a version of an object is; never changed, only replaced. */
export interface StoredObject {
  readonly bytes: Buffer
  /** Without quotes. */
  readonly etag: string
  /** Milliseconds since the epoch. */
  readonly modified: number
  /** Content type and the like, and `x-amz-meta-*`. */
  readonly headers: Readonly<Record<string, string>>
  readonly checksum: Checksum | undefined
}

export interface Part {
  readonly bytes: Buffer
  readonly etag: string
  readonly modified: number
  readonly checksum: string | undefined
}

export interface Upload {
  readonly id: string
  readonly key: string
  readonly initiated: number
  readonly headers: Readonly<Record<string, string>>
  readonly algorithm: Algorithm | undefined
  readonly type: ChecksumType
  readonly parts: Map<number, Part>
}

/** One bucket in memory. */
export class Bucket extends SortedMap<StoredObject> {
  readonly name: string
  readonly created: number
  readonly uploads = new Map<string, Upload>()

  constructor(name: string, created: number) {
    super()
    this.name = name
    this.created = created
  }

  /** `404 NoSuchUpload` also where the upload is one of another key. */
  upload(key: string, id: string): Upload {
    const upload = this.uploads.get(id)
    if (upload === undefined || upload.key !== key) throw noSuchUpload(id)
    return upload
  }
}

export class Store {
  readonly #buckets = new Map<string, Bucket>()

  get buckets(): Iterable<Bucket> {
    return this.#buckets.values()
  }

  create(name: string, now: number): void {
    if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name))
      throw new S3Error(400, 'InvalidBucketName', 'The specified bucket is not valid.')
    if (this.#buckets.has(name))
      throw new S3Error(
        409,
        'BucketAlreadyOwnedByYou',
        'Your previous request to create the named bucket succeeded and you already own it.',
      )
    this.#buckets.set(name, new Bucket(name, now))
  }

  bucket(name: string): Bucket {
    const bucket = this.#buckets.get(name)
    if (bucket === undefined)
      throw new S3Error(404, 'NoSuchBucket', 'The specified bucket does not exist.', {
        details: { BucketName: name },
      })
    return bucket
  }

  delete(name: string): void {
    if (this.bucket(name).keys.length > 0)
      throw new S3Error(409, 'BucketNotEmpty', 'The bucket you tried to delete is not empty.')
    this.#buckets.delete(name)
  }
}
