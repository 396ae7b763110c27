/** What requests are counted by, and faults chosen by. */
export type GcsOperation =
  | 'InsertBucket'
  | 'GetBucket'
  | 'ListObjects'
  /** The resource of an object. */
  | 'GetObject'
  /** Its bytes. */
  | 'ReadObject'
  | 'InsertObject'
  | 'PatchObject'
  | 'DeleteObject'
  | 'RewriteObject'
  | 'BeginUpload'
  /** Bytes for an upload session, or its end. */
  | 'PutUpload'
  | 'QueryUpload'
  | 'DeleteUpload'
  | 'Unknown'

/** Parameters that Google's documentation names and this server knows; any other is refused. */
const COMMON = ['alt', 'fields', 'prettyPrint', 'userProject']
const CONDITIONS = [
  'ifGenerationMatch',
  'ifGenerationNotMatch',
  'ifMetagenerationMatch',
  'ifMetagenerationNotMatch',
]
const SOURCE = CONDITIONS.map((name) => name.replace('if', 'ifSource'))
const UPLOAD = ['uploadType', 'name', 'kmsKeyName', 'upload_id']

export const PARAMETERS: Readonly<Record<GcsOperation, ReadonlySet<string>>> = {
  InsertBucket: new Set([...COMMON, 'project']),
  GetBucket: new Set([...COMMON, 'projection']),
  ListObjects: new Set([
    ...COMMON,
    'prefix',
    'startOffset',
    'endOffset',
    'maxResults',
    'pageToken',
    'projection',
  ]),
  GetObject: new Set([...COMMON, ...CONDITIONS, 'generation', 'projection']),
  ReadObject: new Set([...COMMON, ...CONDITIONS, 'generation']),
  InsertObject: new Set([...COMMON, ...CONDITIONS, ...UPLOAD]),
  PatchObject: new Set([...COMMON, ...CONDITIONS, 'generation']),
  DeleteObject: new Set([...COMMON, ...CONDITIONS, 'generation']),
  RewriteObject: new Set([
    ...COMMON,
    ...CONDITIONS,
    ...SOURCE,
    'sourceGeneration',
    'rewriteToken',
    'maxBytesRewrittenPerCall',
    'destinationKmsKeyName',
  ]),
  BeginUpload: new Set([...COMMON, ...CONDITIONS, ...UPLOAD]),
  PutUpload: new Set(UPLOAD),
  QueryUpload: new Set(UPLOAD),
  DeleteUpload: new Set(UPLOAD),
  Unknown: new Set(),
}
