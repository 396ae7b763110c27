import { createHash } from 'node:crypto'

/** An object of the store. */
export interface StoredObject {
  readonly bytes: Buffer
  readonly etag: string
  /** Milliseconds since the epoch. */
  readonly modified: number
  /** Headers that are given back: metadata, content type, checksums. */
  readonly headers: Readonly<Record<string, string>>
}

export interface StoredUpload {
  readonly key: string
  readonly headers: Readonly<Record<string, string>>
  readonly parts: Map<number, { readonly bytes: Buffer; readonly etag: string }>
}

/** A refusal in S3's words. */
export class Refusal extends Error {
  readonly status: number
  readonly code: string
  constructor(status: number, code: string, message = code) {
    super(message)
    this.status = status
    this.code = code
  }
}

export interface Conditions {
  readonly ifMatch?: string | undefined
  readonly ifNoneMatch?: string | undefined
}

/** One bucket. Every change is one synchronous step, so its condition and its effect cannot be parted. */
export class Bucket {
  readonly objects = new Map<string, StoredObject>()
  readonly uploads = new Map<string, StoredUpload>()
  #ids = 0

  check(key: string, { ifMatch, ifNoneMatch }: Conditions): void {
    const there = this.objects.get(key)
    if (ifNoneMatch === '*' && there !== undefined) throw new Refusal(412, 'PreconditionFailed')
    if (ifMatch === undefined) return
    if (there === undefined) throw new Refusal(404, 'NoSuchKey')
    if (ifMatch.replaceAll('"', '') !== there.etag) throw new Refusal(412, 'PreconditionFailed')
  }

  put(
    key: string,
    bytes: Buffer,
    headers: Readonly<Record<string, string>>,
    conditions: Conditions,
    etag = md5(bytes),
  ): StoredObject {
    this.check(key, conditions)
    const object: StoredObject = { bytes, etag, modified: Date.now(), headers }
    this.objects.set(key, object)
    return object
  }

  get(key: string): StoredObject {
    const object = this.objects.get(key)
    if (object === undefined) throw new Refusal(404, 'NoSuchKey')
    return object
  }

  begin(key: string, headers: Readonly<Record<string, string>>): string {
    const id = `upload-${++this.#ids}`
    this.uploads.set(id, { key, headers, parts: new Map() })
    return id
  }

  upload(id: string): StoredUpload {
    const upload = this.uploads.get(id)
    if (upload === undefined) throw new Refusal(404, 'NoSuchUpload')
    return upload
  }

  complete(id: string, numbers: readonly number[], conditions: Conditions): StoredObject {
    const { key, headers, parts } = this.upload(id)
    const chosen = numbers.map((number) => {
      const part = parts.get(number)
      if (part === undefined) throw new Refusal(400, 'InvalidPart')
      return part
    })
    if (chosen.slice(0, -1).some(({ bytes }) => bytes.length < SMALLEST_PART))
      throw new Refusal(400, 'EntityTooSmall')
    const whole = md5(Buffer.concat(chosen.map(({ etag }) => Buffer.from(etag, 'hex'))))
    const object = this.put(
      key,
      Buffer.concat(chosen.map(({ bytes }) => bytes)),
      headers,
      conditions,
      `${whole}-${chosen.length}`,
    )
    this.uploads.delete(id)
    return object
  }
}

const SMALLEST_PART = 5 * 1024 * 1024

export function md5(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex')
}
