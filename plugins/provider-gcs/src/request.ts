import { type Memory, StorageError } from '@lsync/core/provider'
import {
  type Answer,
  bodyOf,
  bytesOf,
  type Connection,
  type Connections,
  drain,
  isPage,
  isRefusalPage,
  ledElsewhere,
  mayBePage,
  pageInstead,
  refusalText,
} from '@lsync/http'
import type { Credentials } from './credentials.ts'
import type { Endpoint } from './endpoint.ts'
import { answerError, connectionError } from './errors.ts'
import { checkKey, encodeQuery, encodeSegment, type Place } from './url.ts'

export interface GcsRequest {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE'
  /** Of the server. That of an upload session has its query in it already, and takes no other. */
  readonly path: string
  /** What the request is about, without the remote's prefix: for messages. */
  readonly key?: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>
  /** Bytes of a body that is not in memory. */
  readonly length?: number
  /** For what must be held of the answer. */
  readonly memory?: Memory | undefined
  readonly signal: AbortSignal
}

export type GcsResponse = Answer

/** "Resume Incomplete": the good answer of an upload session that waits for more. To anything else it is a redirection, after which nothing was done. */
const RESUME_INCOMPLETE = 308

/**
 * One request of the JSON API, one attempt. Google's library drops conditions on the way and spends many times the CPU of the request itself
 * (docs/decisions/0010): it gives the tokens, and what goes on the wire stands here.
 */
export class Requester {
  readonly host: string
  readonly place: Place
  readonly #connection: Connection
  readonly #origin: string
  readonly #credentials: Credentials
  readonly #userProject: string | undefined

  constructor(
    connections: Connections,
    endpoint: Endpoint,
    credentials: Credentials,
    place: Place,
    userProject: string | undefined,
  ) {
    this.host = endpoint.host
    this.place = place
    this.#connection = connections.for(new URL(endpoint.origin).protocol)
    this.#origin = endpoint.origin
    this.#credentials = credentials
    this.#userProject = userProject
  }

  /** The path of an object. */
  object(key: string): string {
    return `${this.objects()}/${this.segment(key)}`
  }

  bucket(): string {
    return `/storage/v1/b/${this.place.bucket}`
  }

  /** The path of all objects. */
  objects(): string {
    return `${this.bucket()}/o`
  }

  uploads(): string {
    return `/upload/storage/v1/b/${this.place.bucket}/o`
  }

  /** A key as one segment of a path, checked. */
  segment(key: string): string {
    return encodeSegment(this.name(key))
  }

  /** A key with the remote's prefix, checked. */
  name(key: string): string {
    checkKey(this.place.prefix, key)
    return this.place.prefix + key
  }

  /** Sends it and returns any answer below 300, and 308 to what an upload session is sent; others are StorageErrors, with their bodies read. An error of the body's source comes through. */
  async send(request: GcsRequest): Promise<GcsResponse> {
    const { method, path, key = '', query, headers, body, length, signal } = request
    signal.throwIfAborted()
    const authorization = await this.#credentials(signal)
    signal.throwIfAborted()
    const isSession = path.includes('?')
    const asked =
      this.#userProject === undefined || isSession
        ? query
        : { ...query, userProject: this.#userProject }
    const source = bodyOf(typeof body === 'string' ? Buffer.from(body) : body)
    const size = length ?? (body instanceof Uint8Array ? body.length : undefined)
    const sent = {
      ...headers,
      ...authorization,
      ...(size === undefined ? {} : { 'content-length': String(size) }),
    }
    let answer: Answer
    try {
      answer = await this.#connection.exchange(
        {
          origin: this.#origin,
          path: asked === undefined ? path : `${path}?${encodeQuery(asked)}`,
          method,
          headers: Object.entries(sent).flat(),
          body: source.body,
          memory: request.memory,
        },
        signal,
      )
    } catch (error) {
      signal.throwIfAborted()
      if (source.failed !== undefined) throw source.failed.error
      throw connectionError(key, this.host, error)
    }
    const waits = isSession && method === 'PUT' && answer.status === RESUME_INCOMPLETE
    if (answer.status < 300 || waits) return answer
    throw await this.#refusal(key, isSession, answer, signal)
  }

  /** As `send`, with a body that is read to the end and thrown away. For what is answered without one. */
  async sendOnly(request: GcsRequest): Promise<GcsResponse> {
    const response = await this.send(request)
    await this.drain(response, request)
    return response
  }

  /** Of an answer that is no object's. */
  async drain(response: GcsResponse, request: GcsRequest): Promise<void> {
    if (mayBePage(response)) await this.#textOf(response, request)
    else await this.#reading(request, () => drain(response.body))
  }

  /** As `send`, with a body that must be a JSON document. */
  async json(request: GcsRequest): Promise<unknown> {
    return this.document(await this.send(request), request)
  }

  async document(response: GcsResponse, request: GcsRequest): Promise<unknown> {
    const text = await this.#textOf(response, request)
    try {
      return JSON.parse(text) as unknown
    } catch (error) {
      // Torn without the connection ending: whether something took place is unknown.
      throw new StorageError('server', `${request.key ?? this.host}: an unreadable answer`, {
        ...(request.key === undefined ? {} : { key: request.key }),
        cause: error,
      })
    }
  }

  async #textOf({ body }: GcsResponse, request: GcsRequest): Promise<string> {
    const text = await this.#reading(request, async () => (await bytesOf(body)).toString())
    if (isPage(text)) throw pageInstead(request.key ?? '', this.host)
    return text
  }

  async #reading<T>({ key = '', signal }: GcsRequest, read: () => Promise<T>): Promise<T> {
    try {
      return await read()
    } catch (error) {
      signal.throwIfAborted()
      throw connectionError(key, this.host, error)
    }
  }

  async #refusal(
    key: string,
    isSession: boolean,
    { status, headers, body }: Answer,
    signal: AbortSignal,
  ): Promise<StorageError> {
    const text = await refusalText(body, signal)
    const elsewhere = ledElsewhere(key, this.host, { status, headers })
    if (elsewhere !== undefined) return elsewhere
    // Of one object a gateway may say it so; of the bucket, nothing was heard of the store. Where an object is absent much is done: that must be its own word.
    const isAbsence = status === 404 && !isSession
    if ((key === '' || isAbsence) && isRefusalPage(status, text))
      return pageInstead(key, this.host, status)
    const { 'retry-after': after } = headers
    return answerError(key, {
      status,
      text,
      retryAfter: typeof after === 'string' ? after : after?.[0],
    })
  }
}
