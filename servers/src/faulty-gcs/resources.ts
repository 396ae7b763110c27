import type { Answer } from '../faulty/answer.ts'
import { invalid } from './errors.ts'
import type { GcsRequest } from './request.ts'
import type { Settable, StoredObject } from './store.ts'

/** An object as the JSON API shows it: numbers of 64 bits are strings. */
export function resourceOf(
  bucket: string,
  name: string,
  { bytes, generation, metageneration, created, updated, crc32c, md5, said }: StoredObject,
): Record<string, unknown> {
  return {
    kind: 'storage#object',
    id: `${bucket}/${name}/${generation}`,
    name,
    bucket,
    generation: String(generation),
    metageneration: String(metageneration),
    contentType: 'application/octet-stream',
    storageClass: 'STANDARD',
    size: String(bytes.length),
    md5Hash: md5,
    crc32c,
    etag: Buffer.from(`${generation}/${metageneration}`).toString('base64'),
    timeCreated: new Date(created).toISOString(),
    updated: new Date(updated).toISOString(),
    ...said,
  }
}

export function jsonAnswer({ query }: GcsRequest, document: Record<string, unknown>): Answer {
  const fields = query.get('fields')
  const shown = fields === undefined ? document : pick(document, parseFields(fields))
  return {
    status: 200,
    headers: { 'content-type': 'application/json; charset=UTF-8' },
    body: JSON.stringify(shown),
  }
}

type Fields = ReadonlyMap<string, Fields | undefined>

/** `a,b(c,d/e)`: what a partial response shows. */
function parseFields(text: string): Fields {
  let at = 0
  const list = (): Fields => {
    const fields = new Map<string, Fields | undefined>()
    for (;;) {
      const name = /^[A-Za-z0-9_*]+/.exec(text.slice(at))?.[0]
      if (name === undefined) throw invalid(`Invalid field selection ${text}`)
      at += name.length
      let below: Fields | undefined
      if (text[at] === '(') {
        at++
        below = list()
        if (text[at] !== ')') throw invalid(`Invalid field selection ${text}`)
        at++
      }
      fields.set(name, below)
      if (text[at] !== ',') return fields
      at++
    }
  }
  const fields = list()
  if (at !== text.length) throw invalid(`Invalid field selection ${text}`)
  return fields
}

function pick(value: unknown, fields: Fields): Record<string, unknown> {
  const shown: Record<string, unknown> = {}
  for (const [name, inner] of Object.entries(value as Record<string, unknown>)) {
    if (!fields.has(name)) continue
    const below = fields.get(name)
    if (below === undefined) shown[name] = inner
    else
      shown[name] = Array.isArray(inner) ? inner.map((one) => pick(one, below)) : pick(inner, below)
  }
  return shown
}

const TEXTS = [
  'contentType',
  'cacheControl',
  'contentDisposition',
  'contentEncoding',
  'contentLanguage',
  'storageClass',
] as const
const LARGEST_METADATA = 8192

/** What a client may say of an object, out of a resource that it sent. */
export function settableOf(resource: Readonly<Record<string, unknown>>): Settable {
  const said: Record<string, unknown> = {}
  for (const name of TEXTS) {
    const value = resource[name]
    if (value === undefined) continue
    if (typeof value !== 'string') throw invalid(`Invalid value for ${name}.`)
    if (value !== '') said[name] = value
  }
  const { metadata } = resource
  if (metadata === undefined) return said
  const entries = Object.entries(metadata as Record<string, unknown>)
  if (entries.some(([, value]) => typeof value !== 'string'))
    throw invalid('Invalid value for metadata.')
  const size = entries.flat().reduce((sum: number, one) => sum + Buffer.byteLength(String(one)), 0)
  if (size > LARGEST_METADATA) throw invalid('The metadata of an object is too large.')
  return entries.length === 0
    ? said
    : { ...said, metadata: Object.fromEntries(entries) as Record<string, string> }
}

export function parseResource(text: string): Readonly<Record<string, unknown>> {
  if (text.trim() === '') return {}
  try {
    const document: unknown = JSON.parse(text)
    if (typeof document === 'object' && document !== null && !Array.isArray(document))
      return document as Readonly<Record<string, unknown>>
  } catch {
    // Said below.
  }
  throw invalid('Parse Error')
}
