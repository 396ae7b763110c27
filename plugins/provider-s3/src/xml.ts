import { StorageError } from '@lsync/core/provider'

/** The text of the first element of that name, decoded; undefined if there is none. */
export function textOf(xml: string, name: string): string | undefined {
  const text = rawTextOf(xml, name)
  return text === undefined ? undefined : decodeText(text)
}

function rawTextOf(xml: string, name: string): string | undefined {
  const open = `<${name}>`
  const start = xml.indexOf(open)
  if (start < 0) return undefined
  const end = xml.indexOf(`</${name}>`, start)
  return end < 0 ? undefined : xml.slice(start + open.length, end)
}

const ENTITIES: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  amp: '&',
  quot: '"',
  apos: "'",
}

function decodeText(text: string): string {
  if (!text.includes('&')) return text
  return text.replaceAll(
    /&(?:(lt|gt|amp|quot|apos)|#(\d{1,7})|#x([0-9a-fA-F]{1,6}));/g,
    (whole, name?: string, decimal?: string, hex?: string) => {
      if (name !== undefined) return ENTITIES[name] ?? whole
      const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal)
      return code <= 0x10_ff_ff ? String.fromCodePoint(code) : whole
    },
  )
}

/** One object of a listing. */
export interface Listed {
  readonly key: string
  readonly size: number
  readonly etag: string
  /** Milliseconds since the epoch. */
  readonly modified: number
}

export interface ListingPage {
  /** Parsed as they are taken, once: a page of them all would outlive its youth in memory. Throws where one is not whole; those before it are all. */
  readonly objects: Iterable<Listed>
  /** The last key; undefined where there is none. */
  readonly last: string | undefined
  /** Where the next page begins; undefined on the last one. */
  readonly token: string | undefined
}

const OPEN = '<Contents>'
const CLOSE = '</Contents>'

/**
 * Reads an answer of ListObjectsV2 with `encoding-type=url`. Written for this one shape, since a general parser takes ten times as long and
 * listings are all that a run without changes does. Anything that is not whole is refused: a listing is complete or there is none.
 */
export function parseListing(xml: string): ListingPage {
  if (!xml.trimEnd().endsWith('</ListBucketResult>')) throw torn('cut off')
  const first = xml.indexOf(OPEN)
  const lastOpen = xml.lastIndexOf(OPEN)
  const last = xml.lastIndexOf(CLOSE)
  if (first < 0 !== last < 0 || last < lastOpen) throw torn('cut off')
  // What is said of the page as a whole stands before and after its objects, in any order.
  const frame = first < 0 ? xml : xml.slice(0, first) + xml.slice(last + CLOSE.length)
  const encoding = textOf(frame, 'EncodingType')
  const truncated = textOf(frame, 'IsTruncated')
  if (truncated !== 'true' && truncated !== 'false')
    throw torn('without saying whether it is complete')
  const token = textOf(frame, 'NextContinuationToken')
  if (truncated === 'true' && (token === undefined || token === ''))
    throw torn('without the place where it goes on')
  checkCount(xml, textOf(frame, 'KeyCount'))
  const lastObject = first < 0 ? undefined : xml.slice(lastOpen, last)
  const lastKey = lastObject === undefined ? undefined : textOf(lastObject, 'Key')
  return {
    last: lastKey === undefined || encoding !== 'url' ? lastKey : decodeKey(lastKey),
    objects: first < 0 ? [] : parseObjects(xml, first, last, encoding === 'url'),
    token: truncated === 'true' ? token : undefined,
  }
}

/** Before any of them is taken: who has taken some, and is told then that others are missing, would go on behind them. */
function checkCount(xml: string, declared: string | undefined): void {
  if (declared === undefined) return
  let count = 0
  for (let at = xml.indexOf(OPEN); at >= 0; at = xml.indexOf(OPEN, at + OPEN.length)) count++
  if (Number(declared) !== count) throw torn(`with ${count} keys instead of ${declared}`)
}

/** `url`: some servers do not know the encoding that was asked for; they say so by not naming it. */
function* parseObjects(xml: string, first: number, last: number, url: boolean): Iterable<Listed> {
  let at = first
  for (;;) {
    USUAL.lastIndex = at
    const [, key, time, etag, size] = USUAL.exec(xml) ?? []
    let end = USUAL.lastIndex - CLOSE.length
    const modified = time === undefined ? Number.NaN : Date.parse(time)
    if (key !== undefined && etag !== undefined && !Number.isNaN(modified)) {
      yield {
        key: url ? decodeKey(decodeText(key)) : decodeText(key),
        size: Number(size),
        etag,
        modified,
      }
    } else {
      end = xml.indexOf(CLOSE, at)
      if (end < 0 || !xml.startsWith(OPEN, at)) throw torn('cut off')
      yield parseObject(xml.slice(at + OPEN.length, end), url)
    }
    if (end === last) return
    at = end + CLOSE.length
    // Only blanks may stand between two objects; anything else would be passed over in silence.
    while (xml.charCodeAt(at) <= 0x20) at++
  }
}

/**
 * An object as most stores write it, whole: `parseObject` would read the same. In one go, since that takes twice as long. No tag can begin
 * within a value, none of the four stands there twice before it is read, and no object within another.
 */
const USUAL =
  /<Contents><Key>([^<]+)<\/Key><LastModified>([^<&]+)<\/LastModified><ETag>&(?:quot|#34);([^<&"]*)&(?:quot|#34);<\/ETag>(?:<(?!\/?Contents>|Size>)[^<]*){0,9}<Size>(\d{1,16})<\/Size>(?:<(?!\/?Contents>)[^<]*){0,9}<\/Contents>/y

function parseObject(xml: string, url: boolean): Listed {
  const key = textOf(xml, 'Key')
  const size = textOf(xml, 'Size')
  const etag = rawTextOf(xml, 'ETag')
  const modified = Date.parse(textOf(xml, 'LastModified') ?? '')
  if (
    // One that does not end would swallow the next.
    xml.includes(OPEN) ||
    key === undefined ||
    key === '' ||
    size === undefined ||
    !/^\d{1,16}$/.test(size) ||
    etag === undefined ||
    Number.isNaN(modified)
  )
    throw torn('with an object that has no key, size, ETag or time')
  return {
    key: url ? decodeKey(key) : key,
    size: Number(size),
    etag:
      /^&(?:quot|#34);([0-9a-f-]+)&(?:quot|#34);$/.exec(etag)?.[1] ?? bareEtag(decodeText(etag)),
    modified,
  }
}

/** `encoding-type=url` writes a blank as a plus. */
export function decodeKey(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch (error) {
    throw new StorageError(
      'unexpected',
      `the bucket holds a key that is no text (${text}): rename or remove it with the tool that made it`,
      { cause: error },
    )
  }
}

export function bareEtag(etag: string): string {
  return etag.includes('"') ? etag.replaceAll('"', '') : etag
}

/** An answer that is not whole is like one that did not arrive: asking again may help. */
function torn(what: string): StorageError {
  return new StorageError('network', `the listing of the bucket arrived ${what}`)
}
