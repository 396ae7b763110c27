import { Readable } from 'node:stream'
import aws4 from 'aws4'
import type { Dispatcher } from 'undici'
import { StorageError } from '@lsync/core/provider'
import type { Identity } from './credentials.ts'
import { answerError, connectionError } from './errors.ts'
import { encodePath, encodeQuery, type Place } from './url.ts'
import { textOf } from './xml.ts'

/** Where requests go. */
export interface Endpoint {
  readonly origin: string
  readonly host: string
  /** Before the key: `/bucket` in path style, empty where the bucket is in the host's name. */
  readonly base: string
}

export interface S3Request {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'DELETE'
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

/**
 * One signed request, one attempt. This file is the hot path around the SDK's middleware, which costs several times the request itself
 * (docs/decisions/0003); it uses the SDK's credentials, and a signer that is kept by others.
 */
export class Requester {
  readonly #dispatcher: Dispatcher
  readonly #identity: Identity
  readonly #endpoint: Endpoint
  readonly #place: Place

  constructor(dispatcher: Dispatcher, identity: Identity, endpoint: Endpoint, place: Place) {
    this.#dispatcher = dispatcher
    this.#identity = identity
    this.#endpoint = endpoint
    this.#place = place
  }

  get host(): string {
    return this.#endpoint.host
  }

  /** Sends it and returns any answer below 300; others are StorageErrors, with their bodies read. */
  async send(request: S3Request): Promise<S3Response> {
    const { method, key, query, body, signal } = request
    signal.throwIfAborted()
    const { origin, host, base } = this.#endpoint
    const resource =
      key === undefined ? `${base}/` : `${base}/${encodePath(this.#place.prefix + key)}`
    const path = query === undefined ? resource : `${resource}?${encodeQuery(query)}`
    const { headers } = aws4.sign(
      {
        service: 's3',
        region: this.#identity.region,
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
      await this.#identity.credentials(),
    )
    // The signer's Host and the connection's must not both be sent; undici sends the one it is given.
    let answer: Dispatcher.ResponseData
    try {
      answer = await this.#dispatcher.request({
        origin,
        path,
        method,
        headers: headers as Record<string, string>,
        body:
          body === undefined || body instanceof Uint8Array
            ? (body ?? null)
            : Readable.from(body, { objectMode: false }),
        signal,
      })
    } catch (error) {
      signal.throwIfAborted()
      throw connectionError(key ?? '', host, error)
    }
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

  async #refusal(
    key: string,
    { statusCode, headers, body }: Dispatcher.ResponseData,
    signal: AbortSignal,
  ): Promise<StorageError> {
    let text = ''
    try {
      text = await body.text()
    } catch {
      signal.throwIfAborted()
    }
    const region = headers['x-amz-bucket-region']
    if (statusCode === 301 || statusCode === 307)
      return new StorageError(
        'bad-remote',
        `the bucket is in another region${region === undefined ? '' : `: ${String(region)}`}; set it: lsync config set region NAME`,
        {
          detail: String(region ?? ''),
        },
      )
    return answerError(key, {
      status: statusCode,
      code: textOf(text, 'Code'),
      message: textOf(text, 'Message'),
      retryAfter: headers['retry-after'] === undefined ? undefined : String(headers['retry-after']),
    })
  }
}
