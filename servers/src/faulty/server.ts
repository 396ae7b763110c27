import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { escapeXml, listing, objectHeaders, parts, pendingUploads } from './answer.ts'
import { checkSignature } from './signature.ts'
import { Bucket, md5, Refusal } from './store.ts'

/** What goes wrong with a request. */
export type Fault =
  /** The store acts, then the connection breaks. */
  | { readonly kind: 'lost-response' }
  /** The connection breaks before the store acts. */
  | { readonly kind: 'lost-request' }
  /** A refusal, in S3's words. */
  | {
      readonly kind: 'refuse'
      readonly status: number
      readonly code: string
      readonly retryAfter?: number
    }
  /** The body breaks off in the middle. */
  | { readonly kind: 'torn-body' }
  /** One byte of the body is another. */
  | { readonly kind: 'flipped-byte' }
  /** The body arrives in pieces, with pauses of so many milliseconds. */
  | { readonly kind: 'slow-body'; readonly pause: number }

export interface SeenRequest {
  /** `PUT`, `GET`, `HEAD`, `DELETE`, `LIST`, `PART`, `BEGIN`, `COMPLETE`, `ABORT`, `PARTS`, `UPLOADS`, `BUCKET` */
  readonly operation: string
  readonly key: string
}

export interface FaultyS3Options {
  /** False as on MinIO: DELETE looks at no condition. Default true. */
  readonly conditionalDelete?: boolean
  /** Asked for each request, in order; undefined lets it pass. */
  readonly fault?: (request: SeenRequest) => Fault | undefined
}

export interface FaultyS3 {
  readonly endpoint: string
  readonly accessKey: string
  readonly secretKey: string
  readonly bucket: string
  /** How often each operation was asked for. */
  readonly requests: Map<string, number>
  /** May be replaced at any time. */
  fault: ((request: SeenRequest) => Fault | undefined) | undefined
  stop(): Promise<void>
}

const ACCESS_KEY = 'faulty'
const SECRET_KEY = 'faulty-secret'
const BUCKET = 'bucket'

/**
 * A server in this process that speaks as much S3 as lsync does, with atomic check-and-set, and that can be told to fail. It passes the same
 * conformance suite as the real ones, so that what is shown on it holds.
 */
export async function startFaultyS3(options: FaultyS3Options = {}): Promise<FaultyS3> {
  const bucket = new Bucket()
  const requests = new Map<string, number>()
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    const [path = '', search = ''] = (request.url ?? '/').split('?')
    const query = new URLSearchParams(search)
    const [, name = '', ...rest] = path.split('/')
    const key = rest.map(decodeURIComponent).join('/')
    const seen = { operation: operationOf(request.method ?? 'GET', key, query), key }
    requests.set(seen.operation, (requests.get(seen.operation) ?? 0) + 1)
    const fault = server.fault?.(seen)
    if (fault?.kind === 'lost-request') {
      request.socket.destroy()
      return
    }
    let answer: Answer
    try {
      if (fault?.kind === 'refuse')
        throw Object.assign(new Refusal(fault.status, fault.code), { retryAfter: fault.retryAfter })
      checkSignature(request, ACCESS_KEY, SECRET_KEY)
      if (name !== BUCKET) throw new Refusal(404, 'NoSuchBucket')
      checkPayload(request, body)
      answer = act(bucket, seen, query, request, body, options)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      answer = refusal(error)
    }
    if (fault?.kind === 'lost-response') {
      request.socket.destroy()
      return
    }
    await send(response, request.method === 'HEAD', answer, fault)
  }
  const http = createServer((request, response) => {
    handle(request, response).catch(() => {
      response.destroy()
    })
  })
  await new Promise<void>((resolve) => {
    http.listen(0, '127.0.0.1', resolve)
  })
  const address = http.address()
  if (typeof address !== 'object' || address === null) throw new Error('the server has no port')
  const server: FaultyS3 = {
    endpoint: `http://127.0.0.1:${address.port}`,
    accessKey: ACCESS_KEY,
    secretKey: SECRET_KEY,
    bucket: BUCKET,
    requests,
    fault: options.fault,
    stop: () =>
      new Promise((resolve) => {
        http.closeAllConnections()
        http.close(() => {
          resolve()
        })
      }),
  }
  return server
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

function operationOf(method: string, key: string, query: URLSearchParams): string {
  if (key === '')
    return query.has('uploads') ? 'UPLOADS' : query.has('list-type') ? 'LIST' : 'BUCKET'
  if (query.has('uploads')) return 'BEGIN'
  if (query.has('uploadId'))
    return { PUT: 'PART', POST: 'COMPLETE', DELETE: 'ABORT', GET: 'PARTS' }[method] ?? method
  return method
}

/** The body must be what its signature, its length and its checksums say. */
function checkPayload(request: IncomingMessage, body: Buffer): void {
  const declared = String(request.headers['x-amz-content-sha256'] ?? '')
  const digest = (algorithm: string, encoding: 'hex' | 'base64'): string =>
    createHash(algorithm).update(body).digest(encoding)
  if (/^[0-9a-f]{64}$/.test(declared) && declared !== digest('sha256', 'hex'))
    throw new Refusal(400, 'XAmzContentSHA256Mismatch')
  const sha256 = request.headers['x-amz-checksum-sha256']
  if (sha256 !== undefined && sha256 !== digest('sha256', 'base64'))
    throw new Refusal(400, 'BadDigest')
  const contentMd5 = request.headers['content-md5']
  if (contentMd5 !== undefined && contentMd5 !== digest('md5', 'base64'))
    throw new Refusal(400, 'BadDigest')
  const length = request.headers['content-length']
  if (length !== undefined && Number(length) !== body.length)
    throw new Refusal(400, 'IncompleteBody')
}

function act(
  bucket: Bucket,
  { operation, key }: SeenRequest,
  query: URLSearchParams,
  { headers }: IncomingMessage,
  body: Buffer,
  { conditionalDelete = true }: FaultyS3Options,
): Answer {
  const conditions = { ifMatch: headers['if-match'], ifNoneMatch: headers['if-none-match'] }
  const id = query.get('uploadId') ?? ''
  switch (operation) {
    case 'LIST':
      return xml(listing(bucket, query))
    case 'UPLOADS':
      return xml(pendingUploads(bucket, query.get('prefix') ?? ''))
    case 'BUCKET':
      return xml('<VersioningConfiguration/>')
    case 'PUT': {
      if (headers['x-amz-copy-source'] !== undefined) throw new Refusal(501, 'NotImplemented')
      if (Buffer.byteLength(key) > 1024) throw new Refusal(400, 'KeyTooLongError')
      const { etag } = bucket.put(key, body, keptHeaders(headers), conditions)
      return { status: 200, headers: { etag: `"${etag}"` }, body: Buffer.alloc(0) }
    }
    case 'GET':
    case 'HEAD': {
      const object = bucket.get(key)
      bucket.check(key, { ifMatch: conditions.ifMatch })
      const range = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '')
      if (range === null) return { status: 200, headers: objectHeaders(object), body: object.bytes }
      const from = Number(range[1])
      const to =
        range[2] === ''
          ? object.bytes.length - 1
          : Math.min(Number(range[2]), object.bytes.length - 1)
      if (from >= object.bytes.length) throw new Refusal(416, 'InvalidRange')
      const { 'x-amz-checksum-sha256': _whole, ...partial } = objectHeaders(object)
      return {
        status: 206,
        headers: { ...partial, 'content-range': `bytes ${from}-${to}/${object.bytes.length}` },
        body: object.bytes.subarray(from, to + 1),
      }
    }
    case 'DELETE':
      if (conditionalDelete) bucket.check(key, { ifMatch: conditions.ifMatch })
      bucket.objects.delete(key)
      return { status: 204, headers: {}, body: Buffer.alloc(0) }
    case 'BEGIN':
      return xml(
        `<InitiateMultipartUploadResult><Key>${escapeXml(key)}</Key><UploadId>${bucket.begin(key, keptHeaders(headers))}</UploadId></InitiateMultipartUploadResult>`,
      )
    case 'PART': {
      if (headers['x-amz-copy-source'] !== undefined) return copyPart(bucket, id, query, headers)
      const etag = md5(body)
      bucket.upload(id).parts.set(Number(query.get('partNumber')), { bytes: body, etag })
      return { status: 200, headers: { etag: `"${etag}"` }, body: Buffer.alloc(0) }
    }
    case 'PARTS':
      return xml(parts(key, id, bucket.upload(id)))
    case 'COMPLETE': {
      const numbers = [...body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber>/g)].map(
        (match) => Number(match[1]),
      )
      const { etag } = bucket.complete(id, numbers, conditions)
      return xml(
        `<CompleteMultipartUploadResult><Key>${escapeXml(key)}</Key><ETag>"${etag}"</ETag></CompleteMultipartUploadResult>`,
      )
    }
    case 'ABORT':
      bucket.upload(id)
      bucket.uploads.delete(id)
      return { status: 204, headers: {}, body: Buffer.alloc(0) }
    default:
      throw new Refusal(501, 'NotImplemented')
  }
}

function copyPart(
  bucket: Bucket,
  id: string,
  query: URLSearchParams,
  headers: IncomingMessage['headers'],
): Answer {
  const source = decodeURIComponent(String(headers['x-amz-copy-source']))
    .replace(/^\//, '')
    .slice(BUCKET.length + 1)
  const object = bucket.get(source)
  const expected = headers['x-amz-copy-source-if-match']
  if (expected !== undefined && String(expected).replaceAll('"', '') !== object.etag)
    throw new Refusal(412, 'PreconditionFailed')
  const range = /^bytes=(\d+)-(\d+)$/.exec(String(headers['x-amz-copy-source-range'] ?? ''))
  const bytes =
    range === null ? object.bytes : object.bytes.subarray(Number(range[1]), Number(range[2]) + 1)
  const etag = md5(bytes)
  bucket.upload(id).parts.set(Number(query.get('partNumber')), { bytes, etag })
  return xml(
    `<CopyPartResult><ETag>"${etag}"</ETag><LastModified>${new Date().toISOString()}</LastModified></CopyPartResult>`,
  )
}

/** What is given back with the object. */
function keptHeaders(headers: IncomingMessage['headers']): Record<string, string> {
  const kept =
    /^(?:x-amz-meta-.*|content-type|cache-control|content-disposition|content-encoding|content-language|x-amz-checksum-sha256)$/
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      kept.test(name) && value !== undefined ? [[name, String(value)]] : [],
    ),
  )
}

function xml(text: string): Answer {
  return { status: 200, headers: { 'content-type': 'application/xml' }, body: Buffer.from(text) }
}

function refusal(error: Refusal & { readonly retryAfter?: number }): Answer {
  return {
    status: error.status,
    headers: {
      'content-type': 'application/xml',
      ...(error.retryAfter === undefined ? {} : { 'retry-after': String(error.retryAfter) }),
    },
    body: Buffer.from(
      `<Error><Code>${error.code}</Code><Message>${escapeXml(error.message)}</Message></Error>`,
    ),
  }
}

async function send(
  response: ServerResponse,
  head: boolean,
  { status, headers, body }: Answer,
  fault: Fault | undefined,
): Promise<void> {
  const bytes = fault?.kind === 'flipped-byte' && body.length > 0 ? flipped(body) : body
  response.writeHead(status, {
    ...headers,
    ...(status === 204 ? {} : { 'content-length': bytes.length }),
  })
  if (head || status === 204) {
    response.end()
    return
  }
  const half = bytes.length >> 1
  if (fault?.kind === 'torn-body') {
    response.write(bytes.subarray(0, half), () => response.destroy())
    return
  }
  if (fault?.kind === 'slow-body') {
    response.write(bytes.subarray(0, half))
    await new Promise((resolve) => {
      setTimeout(resolve, fault.pause)
    })
    response.end(bytes.subarray(half))
    return
  }
  response.end(bytes)
}

function flipped(body: Buffer): Buffer {
  const copy = Buffer.from(body)
  const at = copy.length >> 1
  copy[at] = (copy[at] ?? 0) ^ 1
  return copy
}
