import { readFile } from 'node:fs/promises'
import { type OpenOptions, StorageError } from '@lsync/core/provider'
import { configFileOf, filled } from './environment.ts'
import { profileOf } from './ini.ts'
import type { Endpoint } from './request.ts'
import type { Place } from './url.ts'

const DEFAULT_REGION = 'us-east-1'

/** Where S3 is, by configuration, environment or profile, before the bucket is put into it. */
export interface Service {
  /** Undefined for Amazon's own. */
  readonly custom: string | undefined
  readonly region: string
  readonly pathStyle: boolean
  readonly fips: boolean
  readonly dualStack: boolean
}

export async function serviceOf(
  { settings, environment }: Pick<OpenOptions, 'settings' | 'environment'>,
  { bucket }: Place,
): Promise<Service> {
  const file = configFileOf(environment)
  const text = file === undefined ? '' : await readFile(file, 'utf8').catch(() => '')
  const profile = profileOf(
    text,
    settings['profile'] ?? filled(environment['AWS_PROFILE']) ?? 'default',
  )
  const configured =
    environment['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS'] === 'true'
      ? undefined
      : (filled(environment['AWS_ENDPOINT_URL_S3']) ??
        filled(environment['AWS_ENDPOINT_URL']) ??
        profile.endpoint)
  const custom = settings['endpoint'] ?? configured
  const pathStyle = settings['path-style']
  if (pathStyle !== undefined && pathStyle !== 'true' && pathStyle !== 'false')
    throw new StorageError('bad-remote', `path-style is true or false, not ${pathStyle}`)
  return {
    custom,
    region:
      settings['region'] ??
      filled(environment['AWS_REGION']) ??
      filled(environment['AWS_DEFAULT_REGION']) ??
      profile.region ??
      DEFAULT_REGION,
    // A bucket with dots in its name matches no certificate as a host.
    pathStyle:
      pathStyle === undefined ? custom !== undefined || bucket.includes('.') : pathStyle === 'true',
    fips: environment['AWS_USE_FIPS_ENDPOINT'] === 'true',
    dualStack: environment['AWS_USE_DUALSTACK_ENDPOINT'] === 'true',
  }
}

/** The address of the service, without a bucket: what the SDK is given, too. */
export function addressOf({ custom, region, fips, dualStack }: Service): URL {
  const china = region.startsWith('cn-') ? '.cn' : ''
  const standard = `https://s3${fips ? '-fips' : ''}${dualStack ? '.dualstack' : ''}.${region}.amazonaws.com${china}`
  const url = URL.parse(custom ?? standard)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new StorageError(
      'bad-remote',
      `the endpoint ${(custom ?? region).replace(/[^/]*@/, '')} is no web address like https://host`,
    )
  // It would stand in messages and in the process list of a proxy.
  if (url.username !== '' || url.password !== '')
    throw new StorageError('bad-remote', 'the endpoint holds a password: it does not belong there')
  return url
}

const REGION = '[a-z]{2}(?:-[a-z]+)+-\\d+'
/** What comes before the domain: nothing may stand between the label of the service and the region but what is named here. */
const AMAZON = new RegExp(
  `(?:^|\\.)(?:${[
    's3(?:-external-1)?',
    `s3-${REGION}`,
    's3-accelerate(?:\\.dualstack)?',
    `(?:s3|s3-accesspoint)(?:-fips)?(?:\\.dualstack)?\\.${REGION}`,
    `s3\\.${REGION}\\.vpce`,
  ].join('|')})\\.amazonaws\\.com(?:\\.cn)?$`,
)

/**
 * Amazon's own S3, by whichever of its addresses, of which its documentation holds. Not all that is under Amazon's domain: whose name is that of a machine
 * or of a load balancer may be any store. Nor directory buckets (`s3express-…`), which are signed in another way and listed in no order.
 */
export function isAmazon(service: Service): boolean {
  return AMAZON.test(addressOf(service).hostname)
}

export function endpointOf(service: Service, { bucket }: Place): Endpoint {
  const { protocol, host, origin, pathname } = addressOf(service)
  const above = pathname.replace(/\/+$/, '')
  const { region } = service
  if (service.pathStyle) return { origin, host, base: `${above}/${bucket}`, region }
  return {
    origin: `${protocol}//${bucket}.${host}`,
    host: `${bucket}.${host}`,
    base: above,
    region,
  }
}
