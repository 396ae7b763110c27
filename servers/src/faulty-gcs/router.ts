import type { Answer } from '../faulty/answer.ts'
import { getBucket, insertBucket } from './buckets.ts'
import type { Context, Handler } from './context.ts'
import { notImplemented } from './errors.ts'
import { listObjects } from './listing.ts'
import { deleteObject, getObject, insertObject, patchObject, readObject } from './objects.ts'
import { type GcsOperation, PARAMETERS } from './operations.ts'
import type { GcsRequest } from './request.ts'
import { rewriteObject } from './rewrite.ts'
import { beginUpload, deleteUpload, putUpload, queryUpload } from './uploads.ts'

const HANDLERS: Readonly<Record<GcsOperation, Handler>> = {
  InsertBucket: insertBucket,
  GetBucket: getBucket,
  ListObjects: listObjects,
  GetObject: getObject,
  ReadObject: readObject,
  InsertObject: insertObject,
  PatchObject: patchObject,
  DeleteObject: deleteObject,
  RewriteObject: rewriteObject,
  BeginUpload: beginUpload,
  PutUpload: putUpload,
  QueryUpload: queryUpload,
  DeleteUpload: deleteUpload,
  Unknown: (_, { method, bucket, key }) => {
    throw notImplemented(`${method} of ${bucket}/${key}`)
  },
}

export function route(context: Context, request: GcsRequest, body: Buffer): Answer {
  const { operation, query } = request
  for (const name of query.keys())
    if (!PARAMETERS[operation].has(name)) throw notImplemented(`The parameter ${name}`)
  return HANDLERS[operation](context, request, body)
}
