import { gunzipSync } from 'node:zlib'
import { checkConditions, number } from './conditions.ts'
import type { Context, Handler } from './context.ts'
import { GcsError, invalid, noSuchObject, notImplemented } from './errors.ts'
import { readRelated } from './multipart.ts'
import type { GcsRequest } from './request.ts'
import { jsonAnswer, parseResource, resourceOf, settableOf } from './resources.ts'
import { checkName, type Expected, type StoredObject } from './store.ts'

/** The object that a request names, under its conditions, which are always on the live generation. */
function find(
  { store }: Context,
  { bucket: name, key, query }: GcsRequest,
  reads = false,
): StoredObject {
  const bucket = store.bucket(name)
  const object = bucket.find(key, number(query, 'generation'))
  if (object === undefined) throw noSuchObject(name, key)
  checkConditions(query, bucket.get(key), { reads })
  return object
}

export const getObject: Handler = (context, request) =>
  jsonAnswer(request, resourceOf(request.bucket, request.key, find(context, request, true)))

export const insertObject: Handler = ({ store, now }, request, body) => {
  const { query, headers } = request
  const bucket = store.bucket(request.bucket)
  if (query.get('uploadType') === 'media') {
    const name = query.get('name') ?? ''
    checkName(name)
    checkConditions(query, bucket.get(name))
    const said = settableOf({ contentType: headers['content-type'] ?? '' })
    return jsonAnswer(
      request,
      resourceOf(bucket.name, name, bucket.make(name, body, said, now(), hashesOf(headers))),
    )
  }
  const { resource, contentType, bytes } = readRelated(headers['content-type'], body)
  const name = nameOf(request, resource)
  const said = settableOf({ ...(contentType === undefined ? {} : { contentType }), ...resource })
  checkConditions(query, bucket.get(name))
  const made = bucket.make(name, bytes, said, now(), {
    ...hashesOf(headers),
    ...expectedOf(resource),
  })
  return jsonAnswer(request, resourceOf(bucket.name, name, made))
}

/** In the query or in the resource; told twice, it must be the same. */
export function nameOf({ query }: GcsRequest, { name }: Readonly<Record<string, unknown>>): string {
  const asked = query.get('name')
  const told = typeof name === 'string' ? name : undefined
  if (asked !== undefined && told !== undefined && asked !== told)
    throw invalid(`Value '${told}' in content does not agree with value '${asked}'.`)
  const found = asked ?? told ?? ''
  checkName(found)
  return found
}

export function expectedOf(resource: Readonly<Record<string, unknown>>): Expected {
  const { crc32c, md5Hash } = resource
  return {
    ...(typeof crc32c === 'string' ? { crc32c } : {}),
    ...(typeof md5Hash === 'string' ? { md5Hash } : {}),
  }
}

/** `x-goog-hash: crc32c=…,md5=…` */
export function hashesOf(headers: Readonly<Record<string, string>>): Expected {
  const told = headers['x-goog-hash'] ?? ''
  const crc32c = /(?:^|,)\s*crc32c=([^,]+)/.exec(told)?.[1]
  const md5Hash = /(?:^|,)\s*md5=([^,]+)/.exec(told)?.[1]
  return {
    ...(crc32c === undefined ? {} : { crc32c }),
    ...(md5Hash === undefined ? {} : { md5Hash }),
  }
}

export const readObject: Handler = (context, request) => {
  const object = find(context, request, true)
  const { said, generation, metageneration, crc32c, md5 } = object
  // What is stored compressed comes unpacked to whoever does not say that he can unpack it: another length, and no ranges.
  const unpacks =
    said.contentEncoding === 'gzip' && request.headers['accept-encoding']?.includes('gzip') !== true
  const headers: Record<string, string> = {
    'content-type': said.contentType ?? 'application/octet-stream',
    ...(context.honours.generationHeaders
      ? {
          'x-goog-generation': String(generation),
          'x-goog-metageneration': String(metageneration),
        }
      : {}),
    'x-goog-stored-content-length': String(object.bytes.length),
    'x-goog-stored-content-encoding': said.contentEncoding ?? 'identity',
    'x-goog-hash': `crc32c=${crc32c},md5=${md5}`,
    'x-goog-storage-class': said.storageClass ?? 'STANDARD',
    ...(unpacks ? { 'x-guploader-response-body-transformations': 'gunzipped' } : {}),
    ...(said.contentEncoding === undefined || unpacks
      ? {}
      : { 'content-encoding': said.contentEncoding }),
  }
  if (unpacks) return { status: 200, headers, body: gunzipSync(object.bytes) }
  const size = object.bytes.length
  const range = rangeOf(request.headers['range'], size)
  if (range === undefined) return { status: 200, headers, body: object.bytes }
  const { from, to } = range
  return {
    status: 206,
    headers: { ...headers, 'content-range': `bytes ${from}-${to - 1}/${size}` },
    body: object.bytes.subarray(from, to),
  }
}

/** `to` is exclusive. What is no single range is ignored, as RFC 9110 has it. */
function rangeOf(
  header: string | undefined,
  size: number,
): { readonly from: number; readonly to: number } | undefined {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? []
  if (first === '' && last === '') return undefined
  const from = first === '' ? Math.max(size - Number(last), 0) : Number(first)
  const to = first === '' || last === '' ? size : Math.min(Number(last) + 1, size)
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined
  if (from >= size || from >= to)
    throw new GcsError(416, 'requestedRangeNotSatisfiable', 'Request range not satisfiable', {
      'content-range': `bytes */${size}`,
    })
  return { from, to }
}

export const deleteObject: Handler = (context, request) => {
  const { bucket, key, query } = request
  if (context.honours.conditionalDelete) find(context, request)
  else if (context.store.bucket(bucket).get(key) === undefined) throw noSuchObject(bucket, key)
  // That would remove it for good.
  if (query.has('generation')) throw notImplemented('The removal of one generation')
  context.store.bucket(bucket).delete(key)
  return { status: 204 }
}

/** Changes metadata alone: another metageneration of the same generation. */
export const patchObject: Handler = (context, request, body) => {
  const object = find(context, request)
  const patch = parseResource(body.toString())
  const said = settableOf({ ...object.said, ...patch })
  const patched = {
    ...object,
    said,
    metageneration: object.metageneration + 1,
    updated: context.now(),
  }
  context.store.bucket(request.bucket).put(request.key, patched)
  return jsonAnswer(request, resourceOf(request.bucket, request.key, patched))
}
