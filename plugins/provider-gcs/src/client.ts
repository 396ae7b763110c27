import type { Storage as Client } from '@google-cloud/storage'
import type { Place } from './url.ts'

/** What the bucket itself says; undefined where the credentials may not ask. */
export interface BucketFacts {
  readonly versioning: boolean | undefined
  /** Seconds for which removed and replaced objects can be had back. */
  readonly softDelete: number | undefined
}

const NOTHING: BucketFacts = { versioning: undefined, softDelete: undefined }

/** Asked by Google's library, which is loaded for this alone. Many may use a bucket's objects and not look at the bucket: that is no error. */
export async function bucketFacts(
  origin: string,
  { bucket }: Place,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<BucketFacts> {
  const { Storage } = await import('@google-cloud/storage')
  // The token comes from where those of all requests do; the library would look for one by itself, in the process's environment.
  const storage = new Storage({
    apiEndpoint: origin,
    projectId: 'none',
    retryOptions: { autoRetry: false, maxRetries: 0 },
    timeout: 10_000,
  })
  // With STORAGE_EMULATOR_HOST in the process's environment it would leave the path out.
  storage.baseUrl = `${origin}/storage/v1`
  storage.interceptors.push({
    request(request) {
      request.headers = { ...request.headers, ...headers }
      return request as Parameters<Client['request']>[0]
    },
  })
  try {
    const [{ versioning, softDeletePolicy }] = await storage.bucket(bucket).getMetadata()
    signal.throwIfAborted()
    return {
      versioning: versioning?.enabled === true,
      softDelete: Number(softDeletePolicy?.retentionDurationSeconds ?? 0),
    }
  } catch {
    signal.throwIfAborted()
    return NOTHING
  }
}
