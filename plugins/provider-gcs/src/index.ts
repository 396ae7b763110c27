import { CONTRACT_VERSION, type ProviderModule } from '@lsync/core/provider'
import { formatUrl, parseUrl } from './url.ts'

/** `gs://bucket[/prefix]` on Google Cloud Storage. Loading this loads no SDK. */
const gcsModule: ProviderModule = {
  contract: CONTRACT_VERSION,
  scheme: 'gs',
  settings: {
    'key-file': "a service account's key, in place of the application default credentials",
    impersonate: 'the service account to act as, by its e-mail address',
    anonymous: 'true: no credentials at all, as for public buckets',
    project: 'the project that pays for requests, where the bucket lets the requester pay',
    endpoint: 'the address of another server that speaks the JSON API',
    'storage-class': 'for what is uploaded, as NEARLINE',
    'encryption-key': 'the Cloud KMS key, as projects/…/cryptoKeys/…',
  },
  normalize: (url) => formatUrl(parseUrl(url)),
  async open(url, options) {
    const { openBucket } = await import('./open.ts')
    return openBucket(url, options)
  },
  overlaps(a, b) {
    const first = parseUrl(a)
    const second = parseUrl(b)
    return (
      first.bucket === second.bucket &&
      (first.prefix.startsWith(second.prefix) || second.prefix.startsWith(first.prefix))
    )
  },
}

export default gcsModule
