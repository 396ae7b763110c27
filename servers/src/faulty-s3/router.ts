import type { Answer } from '../faulty/answer.ts'
import type { Body } from './body.ts'
import {
  createBucket,
  deleteBucket,
  getBucketLocation,
  getBucketVersioning,
  headBucket,
  listBuckets,
} from './buckets.ts'
import type { Context, Handler } from './context.ts'
import { copyObject } from './copy.ts'
import { notImplemented } from './errors.ts'
import { listObjects, listUploads } from './listing.ts'
import {
  abortUpload,
  completeUpload,
  createUpload,
  listParts,
  uploadPart,
  uploadPartCopy,
} from './multipart.ts'
import { deleteObject, deleteObjects, getObject, putObject } from './objects.ts'
import type { Operation } from './operations.ts'
import type { S3Request } from './request.ts'

const HANDLERS: Readonly<Record<Operation, Handler>> = {
  ListBuckets: listBuckets,
  CreateBucket: createBucket,
  DeleteBucket: deleteBucket,
  HeadBucket: headBucket,
  GetBucketLocation: getBucketLocation,
  GetBucketVersioning: getBucketVersioning,
  ListObjectsV2: listObjects,
  ListMultipartUploads: listUploads,
  DeleteObjects: deleteObjects,
  PutObject: putObject,
  CopyObject: copyObject,
  GetObject: getObject,
  HeadObject: getObject,
  DeleteObject: deleteObject,
  CreateMultipartUpload: createUpload,
  UploadPart: uploadPart,
  UploadPartCopy: uploadPartCopy,
  ListParts: listParts,
  CompleteMultipartUpload: completeUpload,
  AbortMultipartUpload: abortUpload,
  Unknown: (_, { method, query }) => {
    throw notImplemented(`${method} with ${[...query.keys()].join(', ') || 'no parameters'}`)
  },
}

export function route(context: Context, request: S3Request, body: Body): Answer {
  return HANDLERS[request.operation](context, request, body)
}
