import { Readable } from 'node:stream'
import aws4 from 'aws4'
import type { Dispatcher } from 'undici'
import { StorageError } from '@lsync/core/provider'
import type { Connection, Connections } from './connection.ts'
import type { Credentials } from './credentials.ts'
import { answerError, connectionError, WrongRegion } from './errors.ts'
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
  readonly signal: AbortSignal
}

export interface S3Response {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Dispatcher.ResponseData['body']
}

const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
/** What goes to the socket at once. The time until an answer counts from the last piece: a slow line is not a silent one. */
const SLICE = 256 * 1024

/**
 * One signed request, one attempt. This file is the hot path around the SDK's middleware, which costs several times the request itself
 * (docs/decisions/0003); it uses the SDK's credentials, and a signer that is kept by others.
 */
export class Requester {
  readonly #connection: Connection
  readonly #credentials: () => Promise<Credentials>
  readonly #endpoint: Endpoint
  readonly #place: Place

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
  }

  get host(): string {
    return this.#endpoint.host
  }

  /** Sends it and returns any answer below 300; others are StorageErrors, with their bodies read. An error of the body's source comes through. */
  async send(request: S3Request): Promise<S3Response> {
    const { method, key, signal } = request
    signal.throwIfAborted()
    if (key !== undefined) checkKey(this.#place.prefix, key)
    const { origin, host, path, headers } = await this.#signed(request)
    const source = outgoing(request.body)
    let answer: Dispatcher.ResponseData
    try {
      answer = await this.#connection.request({
        origin,
        path,
        method,
        headers,
        body: source.body,
        signal,
      })
    } catch (error) {
      signal.throwIfAborted()
      if (source.failed !== undefined) throw source.failed.error
      throw connectionError(key ?? '', host, error)
    }
    // An abort, or giving the body up, reaches it also where nobody reads it at that moment: that must not end the process.
    answer.body.on('error', () => undefined)
    if (answer.statusCode < 300)
      return { status: answer.statusCode, headers: answer.headers, body: answer.body }
    throw await this.#refusal(key ?? '', answer, signal)
  }

  /** As `send`, with a body that is read to the end and thrown away. */
  async sendOnly(request: S3Request): Promise<S3Response> {
    const response = await this.send(request)
    await this.drain(response, request)
    return response
  }

  async text(request: S3Request): Promise<string> {
    const { body } = await this.send(request)
    try {
      return await body.text()
    } catch (error) {
      request.signal.throwIfAborted()
      throw connectionError(request.key ?? '', this.host, error)
    }
  }

  async drain(
    { body }: S3Response,
    { key, signal }: Pick<S3Request, 'key' | 'signal'>,
  ): Promise<void> {
    try {
      await body.dump()
    } catch (error) {
      signal.throwIfAborted()
      throw connectionError(key ?? '', this.host, error)
    }
  }

  async #signed(request: S3Request): Promise<{
    readonly origin: string
    readonly host: string
    readonly path: string
    readonly headers: string[]
  }> {
    const { method, key, query, body } = request
    const { origin, host, base, region } = this.#endpoint
    const resource =
      key === undefined ? `${base}/` : `${base}/${encodePath(this.#place.prefix + key)}`
    const path = query === undefined ? resource : `${resource}?${encodeQuery(query)}`
    const { headers } = aws4.sign(
      {
        service: 's3',
        region,
        method,
        host,
        path,
        headers: {
          ...request.headers,
          'x-amz-content-sha256':
            request.sha256 ?? (body === undefined ? EMPTY_SHA256 : 'UNSIGNED-PAYLOAD'),
          ...(request.length === undefined ? {} : { 'content-length': request.length }),
        },
      },
      await this.#credentials(),
    )
    const flat: string[] = []
    for (const [name, value] of Object.entries(headers ?? {})) flat.push(name, String(value))
    return { origin, host, path, headers: flat }
  }

  async #refusal(
    key: string,
    { statusCode: status, headers, body }: Dispatcher.ResponseData,
    signal: AbortSignal,
  ): Promise<StorageError> {
    let text = ''
    try {
      text = await body.text()
    } catch {
      signal.throwIfAborted()
    }
    // An answer to HEAD has no body; MinIO says it in a header, then.
    const code = textOf(text, 'Code') ?? one(headers['x-minio-error-code'])
    const region = one(headers['x-amz-bucket-region']) ?? textOf(text, 'Region')
    if (status === 301 || status === 307 || code === 'PermanentRedirect')
      return new WrongRegion(region)
    if (status === 400 && region !== undefined && region !== this.#endpoint.region)
      return new WrongRegion(region)
    return answerError(key, {
      status,
      code,
      message: textOf(text, 'Message'),
      retryAfter: one(headers['retry-after']),
    })
  }
}

function one(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0]
}

interface Outgoing {
  readonly body: Uint8Array | Readable | null
  /** Set once the source of the body failed: its error, and not what became of the connection, is what the caller must see. */
  failed?: { readonly error: unknown }
}

function outgoing(body: S3Request['body']): Outgoing {
  if (body === undefined) return { body: null }
  if (!(body instanceof Uint8Array)) return watched(body)
  if (body.length <= SLICE) return { body }
  return { body: Readable.from(slices(body), { objectMode: false }) }
}

function watched(source: AsyncIterable<Uint8Array>): Outgoing {
  async function* chunks(): AsyncIterable<Uint8Array> {
    try {
      yield* source
    } catch (error) {
      result.failed = { error }
      throw error
    }
  }
  const result: Outgoing = { body: Readable.from(chunks(), { objectMode: false }) }
  return result
}

function* slices(bytes: Uint8Array): Iterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += SLICE) yield bytes.subarray(at, at + SLICE)
}
