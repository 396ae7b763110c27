import { describe } from 'vitest'
import { Client } from './client.ts'
import type { Deviations } from './semantics/holds.ts'
import { semantics } from './semantics.ts'

const {
  LSYNC_TEST_SERVER: name = '',
  LSYNC_TEST_S3_ENDPOINT: endpoint = '',
  LSYNC_TEST_S3_ACCESS_KEY: accessKey = '',
  LSYNC_TEST_S3_SECRET_KEY: secretKey = '',
} = process.env
if (endpoint === '') throw new Error('run this suite with: pnpm test:servers')

const DEVIATIONS: Readonly<Record<string, Deviations>> = {
  minio: {
    conditionalDelete: false,
    conditionalCopy: false,
    exactKeys: false,
    failing: {
      'a key below a key is listed': 'it stores both, and lists the upper one only',
      'folders are told once, over several pages': 'the second page is lost',
    },
  },
  versitygw: {
    conditionalCopy: false,
    exactKeys: false,
    failing: {
      'a key below a key is listed': 'it refuses a key below another: 409 ObjectParentIsFile',
      'the framing of a body is no encoding of the object': 'it keeps aws-chunked',
    },
  },
}

describe(`semantics of ${name}`, () => {
  semantics(() => Client.onNewBucket({ endpoint, accessKey, secretKey }), DEVIATIONS[name])
})
