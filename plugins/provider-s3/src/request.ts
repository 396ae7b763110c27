import type { Memory, StorageError } from '@lsync/core/provider'
import {
  absentInstead,
  type Answer,
  bodyOf,
  bytesOf,
  type Connection,
  type Connections,
  drain,
  isMarkup,
  isPage,
  isRefusalPage,
  ledElsewhere,
  mayBePage,
  pageInstead,
  refusalText,
} from '@lsync/http'
import type { Credentials } from './credentials.ts'
import { answerError, connectionError, WrongRegion } from './errors.ts'
import { isRefused, type Refusable } from './refused-headers.ts'
import { Signer } from './sign.ts'
import { checkKey, encodePath, encodeQuery, type Place } from './url.ts'
import { textOf } from './xml.ts'

/** Where requests go, and how they are signed. */
export interface Endpoint {
  readonly origin: string
  readonly host: string
  /** Before the key: `/bucket` in path style, empty where the bucket is in the host's name. */
  readonly base: string
  readonly region: string
}

export interface S3Request {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  /** Without the remote's prefix; absent for requests to the bucket. */
  readonly key?: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | AsyncIterable<Uint8Array>
  /** Bytes of the body. */
  readonly length?: number
  /** Of the body, in hex; it is signed, so the store checks it. */
  readonly sha256?: string
  /** Milliseconds until an answer begins, where that may take long. */
  readonly patience?: number
  /** For what must be held of the answer. */
  readonly memory?: Memory | undefined
  readonly signal: AbortSignal
}

export type S3Response = Answer

const LONGEST_LINE = 200
const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

/**
 * One signed request, one attempt. This file is the hot path around the SDK's middleware, which costs several times the request itself
 * (docs/decisions/0003, 0022); it uses the SDK's credentials.
 */
export class Requester {
  readonly #connection: Connection
  readonly #credentials: () => Promise<Credentials>
  readonly #endpoint: Endpoint
  readonly #place: Place
  readonly #signer: Signer
  /**
   * How the store wants the ETag in the condition of a write. HTTP has it in quotes; Ceph's gateway (seen with 16.2.15) refuses right ones, then, and
   * takes them bare. Set by whoever knows: the probe, or its report.
   */
  conditions: 'quoted' | 'bare' = 'quoted'
  /** Headers that the store refuses: they are left out. Set by whoever knows, likewise, and by reads before any probe. */
  readonly refused = new Set<Refusable>()
  /**
   * Whether the store is seen to check the SHA-256 of an object that it is told as its checksum: from then on a body need not be signed by it besides, which
   * the store would compute a second time. Once seen not to, or to refuse what is not signed, it stays so.
   */
  checksSha256: 'unknown' | 'yes' | 'no'

  constructor(
    connections: Connections,
    credentials: () => Promise<Credentials>,
    endpoint: Endpoint,
    place: Place,
  ) {
    this.#connection = connections.for(new URL(endpoint.origin).protocol)
    this.#credentials = credentials
    this.#endpoint = endpoint
    this.#place = place
    this.#signer = new Signer(endpoint.region)
    // Who can change what is on the line can make a checksum, too.
    this.checksSha256 = this.isPrivate ? 'unknown' : 'no'
  }

  get host(): string {
    return this.#endpoint.host
  }

  /** Nobody between can change what is sent: it is encrypted, or does not leave this machine. */
  get isPrivate(): boolean {
    const { protocol, hostname } = new URL(this.#endpoint.origin)
    return protocol === 'https:' || /^(?:127\.[\d.]+|\[::1\]|localhost)$/.test(hostname)
  }

  /** Sends it and returns any answer below 300; others are StorageErrors, with their bodies read. An error of the body's source comes through. */
  async send(request: S3Request): Promise<S3Response> {
    const { method, key, signal } = request
    signal.throwIfAborted()
    if (key !== undefined) checkKey(this.#place.prefix, key)
    const { origin, host, base } = this.#endpoint
    const { query, body, length } = request
    const resource =
      key === undefined ? `${base}/` : `${base}/${encodePath(this.#place.prefix + key)}`
    const headers = this.#signer.sign(
      {
        method,
        host,
        path: resource,
        query,
        headers: this.#headersOf(request),
        length,
        sha256: request.sha256 ?? (body === undefined ? EMPTY_SHA256 : 'UNSIGNED-PAYLOAD'),
      },
      await this.#credentials(),
      new Date(),
    )
    const path = query === undefined ? resource : `${resource}?${encodeQuery(query)}`
    const source = bodyOf(body)
    let answer: Answer
    try {
      answer = await this.#connection.exchange(
        {
          origin,
          path,
          method,
          headers,
          body: source.body,
          memory: request.memory,
          ...(request.patience === undefined ? {} : { headersTimeout: request.patience }),
        },
        signal,
      )
    } catch (error) {
      signal.throwIfAborted()
      if (source.failed !== undefined) throw source.failed.error
      throw connectionError(key ?? '', host, error)
    }
    if (answer.status < 300) return answer
    throw await this.#refusal(method, key ?? '', answer, signal)
  }

  /** As `send`, with a body that is read to the end and thrown away. For what is answered without one. */
  async sendOnly(request: S3Request): Promise<S3Response> {
    const response = await this.send(request)
    if (!mayBePage(response)) await this.#reading(request, () => drain(response.body))
    else if (isMarkup(await this.#textOf(response, request)))
      throw pageInstead(request.key ?? '', this.host)
    return response
  }

  /** As `send`, with the text of a body that is no object's. */
  async text(request: S3Request): Promise<string> {
    return this.#textOf(await this.send(request), request)
  }

  async #textOf({ body }: S3Response, request: S3Request): Promise<string> {
    const text = await this.#reading(request, async () => (await bytesOf(body)).toString())
    if (isPage(text)) throw pageInstead(request.key ?? '', this.host)
    return text
  }

  async #reading<T>({ key, signal }: S3Request, read: () => Promise<T>): Promise<T> {
    try {
      return await read()
    } catch (error) {
      signal.throwIfAborted()
      throw connectionError(key ?? '', this.host, error)
    }
  }

  /** As this store takes them. */
  #headersOf({ method, headers }: S3Request): S3Request['headers'] {
    const bare = this.conditions === 'bare' && method !== 'GET'
    if (headers === undefined || (!bare && this.refused.size === 0)) return headers
    const taken: Record<string, string> = {}
    for (const [name, value] of Object.entries(headers))
      if (!isRefused(this.refused, method, name))
        taken[name] = bare && name === 'if-match' ? value.replaceAll('"', '') : value
    return taken
  }

  async #refusal(
    method: S3Request['method'],
    key: string,
    { status, headers, body }: Answer,
    signal: AbortSignal,
  ): Promise<StorageError> {
    const text = await refusalText(body, signal)
    // An answer to HEAD has no body; MinIO says it in a header, then.
    const code = textOf(text, 'Code') ?? one(headers['x-minio-error-code'])
    const region = one(headers['x-amz-bucket-region']) ?? textOf(text, 'Region')
    const elsewhere = ledElsewhere(key, this.host, { status, headers })
    if (elsewhere !== undefined && region === undefined && code === undefined) return elsewhere
    if (status === 301 || status === 307 || code === 'PermanentRedirect')
      return new WrongRegion(region)
    // Of one object a gateway may say it so; of the bucket, nothing was heard of the store.
    if (key === '' && isRefusalPage(status, text)) return pageInstead(key, this.host, status)
    if (status === 404 && key !== '' && code === undefined && !isSigned(method, headers))
      return isPage(text) ? pageInstead(key, this.host, status) : absentInstead(key, this.host)
    if (status === 400 && region !== undefined && region !== this.#endpoint.region)
      return new WrongRegion(region)
    return answerError(key, {
      status,
      code,
      message: textOf(text, 'Message') ?? lineOf(text),
      bodiless: text === '',
      retryAfter: one(headers['retry-after']),
    })
  }
}

/**
 * Whether headers alone show that it is the store that answers. All that we know of name each answer (`x-amz-request-id`), but what is on the way may take
 * that away. An answer to HEAD has no body to tell by: that it would be XML is a weak sign, without which the object is asked for.
 */
function isSigned(method: S3Request['method'], headers: S3Response['headers']): boolean {
  return (
    headers['x-amz-request-id'] !== undefined ||
    (method === 'HEAD' && /^(?:application|text)\/xml\b/i.test(one(headers['content-type']) ?? ''))
  )
}

/** What is said without any form, as by a server that was asked in plain HTTP and wants TLS. */
function lineOf(text: string): string | undefined {
  const [line = ''] = text.trim().split('\n')
  return line === '' || line.length > LONGEST_LINE || isMarkup(line) ? undefined : line
}

function one(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0]
}
