import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { notImplemented, S3Error } from './errors.ts'
import type { S3Request } from './request.ts'

export interface Verification {
  readonly accessKey: string
  readonly secretKey: string
  /** Undefined takes any. */
  readonly region: string | undefined
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Milliseconds; beyond it a request is refused. */
  readonly maximumSkew: number
}

const ALGORITHM = 'AWS4-HMAC-SHA256'

/** Signature version 4 in the Authorization header. Signed URLs are not spoken here. */
export function verifySignature(request: S3Request, verification: Verification): void {
  const authorization = request.headers['authorization']
  if (authorization === undefined) {
    if (request.query.has('X-Amz-Signature')) throw notImplemented('A signed URL')
    throw new S3Error(403, 'AccessDenied', 'Access Denied.')
  }
  const { accessKey, scope, signedHeaders, signature } = parse(authorization)
  const [date = '', region = ''] = scope
  if (accessKey !== verification.accessKey)
    throw new S3Error(
      403,
      'InvalidAccessKeyId',
      'The AWS Access Key Id you provided does not exist in our records.',
      { details: { AWSAccessKeyId: accessKey } },
    )
  if (verification.region !== undefined && region !== verification.region)
    throw new S3Error(
      400,
      'AuthorizationHeaderMalformed',
      `The authorization header is malformed; the region '${region}' is wrong; expecting '${verification.region}'`,
      {
        details: { Region: verification.region },
        headers: { 'x-amz-bucket-region': verification.region },
      },
    )
  const time = request.headers['x-amz-date'] ?? ''
  checkTime(time, verification)
  const payload = request.headers['x-amz-content-sha256']
  if (payload === undefined)
    throw new S3Error(
      400,
      'InvalidRequest',
      'Missing required header for this request: x-amz-content-sha256',
    )
  for (const [name] of request.pairs)
    if ((name === 'host' || name.startsWith('x-amz-')) && !signedHeaders.includes(name))
      throw new S3Error(
        403,
        'AccessDenied',
        'There were headers present in the request which were not signed',
        { details: { HeadersNotSigned: name } },
      )
  const wanted = signatureOf(verification.secretKey, scope, [
    ALGORITHM,
    time,
    scope.join('/'),
    // Octets, which Latin-1 characters stand for.
    sha256(Buffer.from(canonical(request, signedHeaders, payload), 'latin1')),
  ])
  const given = Buffer.from(signature)
  if (
    date !== time.slice(0, 8) ||
    given.length !== 64 ||
    !timingSafeEqual(given, Buffer.from(wanted))
  )
    throw new S3Error(
      403,
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the signature you provided.',
    )
}

function parse(authorization: string): {
  readonly accessKey: string
  readonly scope: readonly string[]
  readonly signedHeaders: readonly string[]
  readonly signature: string
} {
  const [, credential, headers, signature] =
    /^AWS4-HMAC-SHA256\s+Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]+)\s*$/.exec(
      authorization,
    ) ?? []
  const parts = credential?.split('/') ?? []
  if (headers === undefined || signature === undefined || parts.length < 5)
    throw new S3Error(
      400,
      'AuthorizationHeaderMalformed',
      'The authorization header that you provided is not valid.',
    )
  return {
    accessKey: parts.slice(0, -4).join('/'),
    scope: parts.slice(-4),
    signedHeaders: headers.split(';'),
    signature,
  }
}

function checkTime(time: string, { now, maximumSkew }: Verification): void {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(time) ?? []
  const told = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  if (Number.isNaN(told))
    throw new S3Error(403, 'AccessDenied', 'A valid x-amz-date header is required.')
  if (Math.abs(told - now) > maximumSkew)
    throw new S3Error(
      403,
      'RequestTimeTooSkewed',
      'The difference between the request time and the current time is too large.',
      { details: { RequestTime: time, ServerTime: new Date(now).toISOString() } },
    )
}

function canonical(request: S3Request, signed: readonly string[], payload: string): string {
  const { method, bucket, key, slash, query, pairs } = request
  const path = encode(slash ? `/${bucket}/${key}` : `/${bucket}`, true)
  const parameters = [...query]
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .toSorted(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
  const headers = signed.map((name) => {
    const values = pairs
      .filter(([one]) => one === name)
      .map(([, value]) => value.trim().replaceAll(/ +/g, ' '))
    return `${name}:${values.join(',')}\n`
  })
  return [method, path, parameters, headers.join(''), signed.join(';'), payload].join('\n')
}

/** As S3 wants it: everything but unreserved characters. */
export function encode(text: string, keepSlash = false): string {
  const encoded = encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return keepSlash ? encoded.replaceAll('%2F', '/') : encoded
}

function signatureOf(
  secretKey: string,
  scope: readonly string[],
  lines: readonly string[],
): string {
  let key: Buffer = Buffer.from(`AWS4${secretKey}`)
  for (const part of scope) key = createHmac('sha256', key).update(part).digest()
  return createHmac('sha256', key).update(lines.join('\n')).digest('hex')
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
