import { invalid } from './errors.ts'
import { parseResource } from './resources.ts'

export interface Related {
  readonly resource: Readonly<Record<string, unknown>>
  /** Of the second part's header. */
  readonly contentType: string | undefined
  readonly bytes: Buffer
}

/** The two parts of a `multipart/related` body (RFC 2387): the resource, and the bytes. */
export function readRelated(contentType: string | undefined, body: Buffer): Related {
  const boundary = /^multipart\/related;.*?boundary="?([^";]+)"?/i.exec(contentType ?? '')?.[1]
  if (boundary === undefined) throw invalid('Malformed multipart body: no boundary.')
  const delimiter = Buffer.from(`\r\n--${boundary}`)
  const whole = Buffer.concat([Buffer.from('\r\n'), body])
  const parts: Buffer[] = []
  let at = whole.indexOf(delimiter)
  for (;;) {
    if (at < 0) throw invalid('Malformed multipart body: it does not end.')
    const from = at + delimiter.length
    if (whole.toString('latin1', from, from + 2) === '--') break
    const to = whole.indexOf(delimiter, from)
    if (to < 0) throw invalid('Malformed multipart body: it does not end.')
    parts.push(whole.subarray(from + 2, to))
    at = to
  }
  const [first, second] = parts.map(readPart)
  if (first === undefined || second === undefined || parts.length !== 2)
    throw invalid(`Malformed multipart body: ${parts.length} parts, not 2.`)
  if (!/^application\/json/i.test(first.type ?? ''))
    throw invalid('Malformed multipart body: the first part is no JSON.')
  return {
    resource: parseResource(first.bytes.toString()),
    contentType: second.type,
    bytes: Buffer.from(second.bytes),
  }
}

function readPart(part: Buffer): { readonly type: string | undefined; readonly bytes: Buffer } {
  const end = part.indexOf('\r\n\r\n')
  if (end < 0) throw invalid('Malformed multipart body: a part has no end of its headers.')
  const type = /^content-type:\s*(.+?)\s*$/im.exec(part.toString('latin1', 0, end))?.[1]
  return { type, bytes: part.subarray(end + 4) }
}
