/** By the names of the S3 API: what requests are counted by, and faults chosen by. */
export type Operation =
  | 'ListBuckets'
  | 'CreateBucket'
  | 'DeleteBucket'
  | 'HeadBucket'
  | 'GetBucketLocation'
  | 'GetBucketVersioning'
  | 'ListObjectsV2'
  | 'ListMultipartUploads'
  | 'DeleteObjects'
  | 'PutObject'
  | 'CopyObject'
  | 'GetObject'
  | 'HeadObject'
  | 'DeleteObject'
  | 'CreateMultipartUpload'
  | 'UploadPart'
  | 'UploadPartCopy'
  | 'ListParts'
  | 'CompleteMultipartUpload'
  | 'AbortMultipartUpload'
  | 'Unknown'

/** What of a request tells its operation. */
export interface Asked {
  readonly method: string
  /** Empty for requests to the service itself. */
  readonly bucket: string
  /** Empty for requests to a bucket. */
  readonly key: string
  readonly query: ReadonlyMap<string, string>
  /** Names in lower case; octets as Latin-1 characters. */
  readonly headers: Readonly<Record<string, string>>
}

/** Parameters that name a part of a resource which this server does not have. */
const UNKNOWN = new Set(
  'accelerate acl analytics attributes cors encryption inventory legal-hold lifecycle logging metrics notification object-lock ownershipControls policy policyStatus publicAccessBlock replication requestPayment restore retention select tagging torrent versionId versions website'.split(
    ' ',
  ),
)

export function operationOf(request: Asked): Operation {
  for (const name of request.query.keys()) if (UNKNOWN.has(name)) return 'Unknown'
  if (request.bucket === '') return request.method === 'GET' ? 'ListBuckets' : 'Unknown'
  return request.key === '' ? onBucket(request) : onObject(request)
}

function onBucket({ method, query }: Asked): Operation {
  switch (method) {
    case 'GET':
      if (query.has('location')) return 'GetBucketLocation'
      if (query.has('versioning')) return 'GetBucketVersioning'
      if (query.has('uploads')) return 'ListMultipartUploads'
      return query.get('list-type') === '2' ? 'ListObjectsV2' : 'Unknown'
    case 'HEAD':
      return 'HeadBucket'
    case 'PUT':
      return query.has('versioning') ? 'Unknown' : 'CreateBucket'
    case 'DELETE':
      return 'DeleteBucket'
    case 'POST':
      return query.has('delete') ? 'DeleteObjects' : 'Unknown'
    default:
      return 'Unknown'
  }
}

function onObject({ method, query, headers }: Asked): Operation {
  const copies = headers['x-amz-copy-source'] !== undefined
  switch (method) {
    case 'GET':
      if (query.has('partNumber')) return 'Unknown'
      return query.has('uploadId') ? 'ListParts' : 'GetObject'
    case 'HEAD':
      return query.has('partNumber') ? 'Unknown' : 'HeadObject'
    case 'PUT':
      if (query.has('uploadId')) return copies ? 'UploadPartCopy' : 'UploadPart'
      return copies ? 'CopyObject' : 'PutObject'
    case 'DELETE':
      return query.has('uploadId') ? 'AbortMultipartUpload' : 'DeleteObject'
    case 'POST':
      if (query.has('uploads')) return 'CreateMultipartUpload'
      return query.has('uploadId') ? 'CompleteMultipartUpload' : 'Unknown'
    default:
      return 'Unknown'
  }
}
