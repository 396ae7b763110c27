import { type OpenOptions, StorageError } from '@lsync/core/provider'

/** Where the JSON API is. */
export interface Endpoint {
  /** `https://host[:port]` */
  readonly origin: string
  readonly host: string
  /** Google's own service: its tokens may go there, and what its documentation says holds. */
  readonly isGoogle: boolean
}

const GOOGLE = 'https://storage.googleapis.com'
const DOMAIN = 'googleapis.com'

/**
 * The `endpoint` of the configuration, else STORAGE_EMULATOR_HOST as Google's clients read it (with or without a scheme), else Google.
 * A token is as good as a password until it ends, and a repository's own configuration may name an endpoint: so tokens go to Google's hosts
 * only, over TLS; any other server is asked without credentials.
 */
export function endpointOf({
  settings,
  environment,
}: Pick<OpenOptions, 'settings' | 'environment'>): Endpoint {
  const emulator = environment['STORAGE_EMULATOR_HOST']
  const told = settings['endpoint'] ?? (emulator === '' ? undefined : emulator)
  if (told === undefined) return { origin: GOOGLE, host: new URL(GOOGLE).host, isGoogle: true }
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(told) ? told : `http://${told}`)
  const path = url?.pathname.replace(/\/+$/, '').replace(/\/storage\/v1$/, '')
  if (url === null || path !== '' || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new StorageError(
      'bad-remote',
      `the endpoint ${told.replace(/[^/]*@/, '')} is no address of a server like https://host`,
    )
  // It would stand in messages and in the process list of a proxy.
  if (url.username !== '' || url.password !== '')
    throw new StorageError('bad-remote', 'the endpoint holds a password: it does not belong there')
  return { origin: url.origin, host: url.host, isGoogle: isGoogle(url) }
}

/**
 * Google's own service, by whichever of its addresses (regional, private, Private Service Connect: `storage-NAME.p.googleapis.com`). Nobody else gets a name below that
 * domain, and its certificate is looked at: whoever answers there is Google. A name that merely ends in the same letters is somebody's.
 */
function isGoogle({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' && (hostname === DOMAIN || hostname.endsWith(`.${DOMAIN}`))
}
