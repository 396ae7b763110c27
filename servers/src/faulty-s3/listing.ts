import { compareUtf8, lowerBound } from '../faulty/order.ts'
import { type Context, type Handler, isoTime, quoted, xmlAnswer } from './context.ts'
import { invalidArgument } from './errors.ts'
import type { S3Request } from './request.ts'
import { encode } from './signatures.ts'
import type { Bucket } from './store.ts'
import { document, type Element } from './xml.ts'

/** Where a page begins: behind a key, or behind all keys of a common prefix. */
interface Place {
  readonly kind: 'key' | 'prefix'
  readonly name: string
}

export const listObjects: Handler = (context, request) => {
  const { query } = request
  const bucket = context.store.bucket(request.bucket)
  const prefix = query.get('prefix') ?? ''
  const delimiter = query.get('delimiter') ?? ''
  const token = query.get('continuation-token')
  const startAfter = query.get('start-after')
  const most = Math.min(pageOf(request, 'max-keys'), context.pageSize)
  const place: Place | undefined =
    token === undefined
      ? startAfter === undefined
        ? undefined
        : { kind: 'key', name: startAfter }
      : readToken(token)
  const items: Place[] = []
  let truncated = false
  for (const item of itemsOf(context, bucket, { prefix, delimiter, place })) {
    truncated = items.length === most
    if (truncated) break
    items.push(item)
  }
  // A page of nothing is whole: else the client would ask for ever.
  if (most === 0) truncated = false
  const name = namesOf(request)
  const last = items.at(-1)
  return xmlAnswer(
    document('ListBucketResult', [
      ['Name', bucket.name],
      ['Prefix', name(prefix)],
      ...optional('Delimiter', delimiter === '' ? undefined : name(delimiter)),
      ...optional('StartAfter', startAfter === undefined ? undefined : name(startAfter)),
      ...optional('ContinuationToken', token),
      ...optional('EncodingType', query.get('encoding-type')),
      ['KeyCount', items.length],
      ['MaxKeys', most],
      ['IsTruncated', truncated],
      ...optional(
        'NextContinuationToken',
        truncated && last !== undefined ? makeToken(last) : undefined,
      ),
      ...items
        .filter((item) => !context.omitted(item.name))
        .map((item) => elementOf(bucket, item, name)),
    ]),
  )
}

interface Asked {
  readonly prefix: string
  /** Empty for none. */
  readonly delimiter: string
  /** Where the page before ended; undefined for the first. */
  readonly place: Place | undefined
}

/** Each key once, or the common prefix that stands for it, in order. */
function* itemsOf(
  { hidden, honours }: Context,
  bucket: Bucket,
  { prefix, delimiter, place }: Asked,
): Iterable<Place> {
  const keys = honours.byteOrder ? bucket.keys : bucket.keys.toSorted(compareByFolder)
  const compare = honours.byteOrder ? compareUtf8 : compareByFolder
  const from = place === undefined || compare(place.name, prefix) < 0 ? prefix : place.name
  let last: string | undefined = place?.kind === 'prefix' ? place.name : undefined
  for (let index = lowerBound(keys, from, compare); index < keys.length; index++) {
    const key = keys[index] ?? ''
    if (!key.startsWith(prefix)) {
      if (honours.byteOrder) return
      continue
    }
    if (place?.kind === 'key' && compare(key, place.name) <= 0) continue
    if (last !== undefined && key.startsWith(last)) continue
    if (hidden(key)) continue
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
    if (cut < 0) {
      yield { kind: 'key', name: key }
      continue
    }
    last = key.slice(0, cut + delimiter.length)
    yield { kind: 'prefix', name: last }
  }
}

/** As who walks the folders of a file tree: what lies in one comes right behind its name. */
function compareByFolder(a: string, b: string): number {
  return compareUtf8(a.replaceAll('/', '\0'), b.replaceAll('/', '\0'))
}

function elementOf(bucket: Bucket, item: Place, name: (text: string) => string): Element {
  const object = item.kind === 'key' ? bucket.get(item.name) : undefined
  if (object === undefined) return ['CommonPrefixes', [['Prefix', name(item.name)]]]
  return [
    'Contents',
    [
      ['Key', name(item.name)],
      ['LastModified', isoTime(object.modified)],
      ['ETag', quoted(object.etag)],
      ...(object.checksum === undefined
        ? []
        : ([
            ['ChecksumAlgorithm', object.checksum.algorithm.toUpperCase()],
            ['ChecksumType', object.checksum.type],
          ] as const)),
      ['Size', object.bytes.length],
      ['StorageClass', object.headers['x-amz-storage-class'] ?? 'STANDARD'],
    ],
  ]
}

function optional(name: string, value: string | undefined): readonly Element[] {
  return value === undefined ? [] : [[name, value]]
}

/** As the request wants names written. The encoding writes a blank as a plus, as S3 does. */
function namesOf({ query }: S3Request): (text: string) => string {
  const encoding = query.get('encoding-type')
  if (encoding === undefined) return (text) => text
  if (encoding !== 'url') throw invalidArgument('encoding-type', encoding)
  return (text) => encode(text, true).replaceAll('%20', '+')
}

/** Opaque, so that no client comes to rely on a key in it. */
function makeToken({ kind, name }: Place): string {
  return Buffer.from(`${kind}:${name}`).toString('base64url')
}

function readToken(token: string): Place {
  const [, kind, name] =
    /^(key|prefix):([\s\S]*)$/.exec(Buffer.from(token, 'base64url').toString()) ?? []
  if (name === undefined) throw invalidArgument('continuation-token', token)
  return { kind: kind === 'key' ? 'key' : 'prefix', name }
}

const LARGEST_PAGE = 1000

function pageOf({ query }: S3Request, parameter: string): number {
  const told = query.get(parameter)
  if (told === undefined) return LARGEST_PAGE
  if (!/^\d{1,10}$/.test(told)) throw invalidArgument(parameter, told)
  return Math.min(Number(told), LARGEST_PAGE)
}

export const listUploads: Handler = (context, request) => {
  const { query } = request
  const bucket = context.store.bucket(request.bucket)
  const prefix = query.get('prefix') ?? ''
  const keyMarker = query.get('key-marker') ?? ''
  const idMarker = query.get('upload-id-marker') ?? ''
  const most = Math.min(pageOf(request, 'max-uploads'), context.pageSize)
  if (query.has('delimiter')) throw invalidArgument('delimiter', query.get('delimiter') ?? '')
  const all = [...bucket.uploads.values()]
    .filter(({ key }) => key.startsWith(prefix))
    .toSorted((a, b) => compareUtf8(a.key, b.key) || compareUtf8(a.id, b.id))
    .filter(({ key, id }) => {
      const order = compareUtf8(key, keyMarker)
      return order > 0 || (order === 0 && idMarker !== '' && compareUtf8(id, idMarker) > 0)
    })
  const page = all.slice(0, most)
  const last = page.at(-1)
  const truncated = last !== undefined && all.length > page.length
  const name = namesOf(request)
  return xmlAnswer(
    document('ListMultipartUploadsResult', [
      ['Bucket', bucket.name],
      ['KeyMarker', name(keyMarker)],
      ['UploadIdMarker', idMarker],
      ...(truncated
        ? ([
            ['NextKeyMarker', name(last.key)],
            ['NextUploadIdMarker', last.id],
          ] as const)
        : []),
      ['Prefix', name(prefix)],
      ...optional('EncodingType', query.get('encoding-type')),
      ['MaxUploads', most],
      ['IsTruncated', truncated],
      ...page.map(({ key, id, initiated }): Element => [
        'Upload',
        [
          ['Key', name(key)],
          ['UploadId', id],
          ['StorageClass', 'STANDARD'],
          ['Initiated', isoTime(initiated)],
        ],
      ]),
    ]),
  )
}
