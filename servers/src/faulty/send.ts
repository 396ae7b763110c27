import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Answer } from './answer.ts'
import type { Fault } from './faults.ts'

/** What an answer's body becomes, before it is sent. */
export function spoil({ status, headers, body }: Answer, fault: Fault | undefined): Answer {
  if (status >= 300 || body === undefined || body.length === 0) return asIs()
  if (fault?.kind === 'truncate-document' && typeof body === 'string')
    return { status, ...withHeaders(), body: body.slice(0, fault.after ?? body.length >>> 1) }
  if (fault?.kind !== 'flip-bit') return asIs()
  const bytes = Buffer.from(body)
  flip(bytes, fault.at ?? bytes.length >>> 1)
  return { status, ...withHeaders(), body: bytes }

  function withHeaders(): Pick<Answer, 'headers'> {
    return headers === undefined ? {} : { headers }
  }
  function asIs(): Answer {
    return { status, ...withHeaders(), ...(body === undefined ? {} : { body }) }
  }
}

/** One bit of one byte. */
export function flip(bytes: Buffer, at: number): void {
  const index = Math.min(at, bytes.length - 1)
  bytes.writeUInt8((bytes[index] ?? 0) ^ 1, index)
}

/** Sends the answer, as badly as the fault wants it. Resolves when nothing more will be sent. */
export async function send(
  response: ServerResponse,
  { status, headers, body = '' }: Answer,
  fault: Fault | undefined,
  onBytes: (count: number) => void,
): Promise<void> {
  const bytes = Buffer.from(body)
  const bare = response.req.method === 'HEAD' || status === 204 || status === 304
  response.writeHead(status, {
    ...headers,
    ...(status === 204 || status === 304 ? {} : { 'content-length': bytes.length }),
  })
  if (bare) {
    response.end()
    return
  }
  if (fault?.kind === 'cut-body') {
    const part = bytes.subarray(0, fault.after ?? bytes.length >>> 1)
    onBytes(part.length)
    if (part.length === 0) response.flushHeaders()
    else await new Promise<void>((resolve) => response.write(part, () => resolve()))
    response.socket?.destroySoon()
    return
  }
  if (fault?.kind === 'slow-body') {
    await trickle(response, bytes, fault.bytesPerSecond, onBytes)
    return
  }
  onBytes(bytes.length)
  response.end(bytes)
}

/** Ten pieces a second. */
async function trickle(
  response: ServerResponse,
  bytes: Buffer,
  bytesPerSecond: number,
  onBytes: (count: number) => void,
): Promise<void> {
  const piece = Math.max(1, Math.floor(bytesPerSecond / 10))
  for (let at = 0; at < bytes.length && !response.destroyed; at += piece) {
    const part = bytes.subarray(at, at + piece)
    onBytes(part.length)
    response.write(part)
    await sleep((part.length / bytesPerSecond) * 1000)
  }
  response.end()
}
