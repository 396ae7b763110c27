import { CONTRACT_VERSION, type ProviderModule } from '@lsync/core/provider'
import { formatUrl, parseUrl } from './url.ts'

/** `s3://bucket[/prefix]` on Amazon S3 and on what speaks its language. Loading this loads no SDK. */
const s3Module: ProviderModule = {
  contract: CONTRACT_VERSION,
  scheme: 's3',
  settings: {
    profile: 'the credentials profile, as in ~/.aws/config',
    region: 'the region of the bucket',
    endpoint: 'the address of an S3-compatible server',
    role: 'the ARN of a role to assume',
    'storage-class': 'for what is uploaded, as STANDARD_IA',
    encryption: 'AES256 or aws:kms',
    'encryption-key': 'the key for aws:kms',
    'path-style': 'true or false: the bucket in the path instead of in the host name',
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

export default s3Module
