import { createHash } from 'node:crypto'
import { type Checksum, verifyChecksums } from './checksums.ts'
import { notImplemented, S3Error } from './errors.ts'

/** A body that is what the request says it is. */
export interface Body {
  readonly bytes: Buffer
  /** What the request told of it, checked. */
  readonly checksum: Checksum | undefined
}

type Headers = Readonly<Record<string, string>>

const UNSIGNED = 'UNSIGNED-PAYLOAD'
const CHUNKED = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'

/** Undoes the framing and checks every digest that the request carries. */
export function verifyBody(headers: Headers, wire: Buffer): Body {
  const payload = headers['x-amz-content-sha256'] ?? UNSIGNED
  if (payload.startsWith('STREAMING-')) return verifyChunked(headers, wire, payload)
  if (payload !== UNSIGNED) {
    const sha256 = createHash('sha256').update(wire).digest('hex')
    if (sha256 !== payload)
      throw new S3Error(
        400,
        'XAmzContentSHA256Mismatch',
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
        { details: { ClientComputedContentSHA256: payload, S3ComputedContentSHA256: sha256 } },
      )
  }
  verifyMd5(headers, wire)
  return { bytes: wire, checksum: verifyChecksums(headers, wire) }
}

function verifyChunked(headers: Headers, wire: Buffer, payload: string): Body {
  if (payload !== CHUNKED) throw notImplemented(`x-amz-content-sha256: ${payload}`)
  const { bytes, trailer } = decodeChunks(wire)
  if (Number(headers['x-amz-decoded-content-length']) !== bytes.length) throw incomplete()
  const announced = headers['x-amz-trailer']
  if (announced !== undefined && trailer[announced.trim().toLowerCase()] === undefined)
    throw new S3Error(400, 'MalformedTrailerError', 'The announced trailer is missing.')
  verifyMd5(headers, bytes)
  return { bytes, checksum: verifyChecksums({ ...headers, ...trailer }, bytes) }
}

/** `size;extensions CRLF bytes CRLF …  0 CRLF name:value CRLF … CRLF`. */
function decodeChunks(wire: Buffer): {
  readonly bytes: Buffer
  readonly trailer: Record<string, string>
} {
  const chunks: Buffer[] = []
  let at = 0
  for (;;) {
    const end = wire.indexOf('\r\n', at)
    if (end < 0) throw incomplete()
    const size = /^[0-9a-fA-F]+/.exec(wire.toString('latin1', at, end))?.[0]
    if (size === undefined) throw incomplete()
    const length = Number.parseInt(size, 16)
    at = end + 2
    if (length === 0) break
    if (at + length + 2 > wire.length) throw incomplete()
    chunks.push(wire.subarray(at, at + length))
    at += length + 2
  }
  const trailer: Record<string, string> = {}
  for (const line of wire.toString('latin1', at).split('\r\n')) {
    const colon = line.indexOf(':')
    if (colon > 0) trailer[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim()
  }
  return { bytes: Buffer.concat(chunks), trailer }
}

function verifyMd5(headers: Headers, bytes: Buffer): void {
  const told = headers['content-md5']
  if (told === undefined) return
  if (Buffer.from(told, 'base64').length !== 16)
    throw new S3Error(400, 'InvalidDigest', 'The Content-MD5 you specified was invalid.')
  if (createHash('md5').update(bytes).digest('base64') !== told)
    throw new S3Error(
      400,
      'BadDigest',
      'The Content-MD5 you specified did not match what we received.',
    )
}

function incomplete(): S3Error {
  return new S3Error(
    400,
    'IncompleteBody',
    'You did not provide the number of bytes specified by the Content-Length HTTP header.',
  )
}
