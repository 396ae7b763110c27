import type { IncomingMessage } from 'node:http'
import aws4 from 'aws4'
import { Refusal } from './store.ts'

/** Checks the signature as S3 does: by making it again from what arrived. */
export function checkSignature(
  request: IncomingMessage,
  accessKey: string,
  secretKey: string,
): void {
  const authorization = request.headers.authorization ?? ''
  const match =
    /Credential=([^/]+)\/(\d+)\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]+)/.exec(
      authorization,
    )
  if (match === null) throw new Refusal(403, 'AccessDenied', 'not signed')
  const [, key, , region, names = '', signature] = match
  if (key !== accessKey) throw new Refusal(403, 'InvalidAccessKeyId')
  const headers: Record<string, string> = {}
  for (const name of names.split(';')) headers[name] = String(request.headers[name] ?? '')
  const signed = aws4.sign(
    {
      service: 's3',
      region: region ?? '',
      method: request.method ?? 'GET',
      path: request.url ?? '/',
      headers,
      host: headers['host'] ?? '',
    },
    { accessKeyId: accessKey, secretAccessKey: secretKey },
  )
  const made = String((signed.headers as Record<string, string>)['Authorization'])
  if (!made.endsWith(`Signature=${signature}`)) throw new Refusal(403, 'SignatureDoesNotMatch')
}
