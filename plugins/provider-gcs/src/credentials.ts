import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AuthClient, GoogleAuthOptions } from 'google-auth-library'
import { isStorageError, type OpenOptions, StorageError } from '@lsync/core/provider'
import type { Endpoint } from './endpoint.ts'

type Fetch = typeof globalThis.fetch

/** The headers by which a request says who we are; none where nobody needs to know. */
export type Credentials = (signal: AbortSignal) => Promise<Readonly<Record<string, string>>>

const SCOPE = 'https://www.googleapis.com/auth/devstorage.read_write'
/** For acting as a service account, the token of the one who does must reach further. */
const WIDE_SCOPE = 'https://www.googleapis.com/auth/cloud-platform'

/**
 * Application default credentials (GOOGLE_APPLICATION_CREDENTIALS, `gcloud auth application-default login`, the metadata server), or the key file of
 * the configuration; acting as a service account where one is named. By Google's own library, over our connections; it renews tokens in time.
 */
export function credentialsOf(options: OpenOptions, endpoint: Endpoint, fetch: Fetch): Credentials {
  const anonymous = options.settings['anonymous']
  if (anonymous !== undefined && anonymous !== 'true' && anonymous !== 'false')
    throw new StorageError('bad-remote', `anonymous is true or false, not ${anonymous}`)
  if (!endpoint.isGoogle || anonymous === 'true') return async () => ({})
  let client: Promise<AuthClient> | undefined
  return async () => {
    try {
      client ??= clientOf(options, fetch)
      const headers = await (await client).getRequestHeaders()
      return Object.fromEntries(headers)
    } catch (error) {
      client = undefined
      throw noCredentials(error)
    }
  }
}

async function clientOf({ settings, environment }: OpenOptions, fetch: Fetch): Promise<AuthClient> {
  const impersonated = settings['impersonate']
  const keyFile = await keyFileOf(settings['key-file'], environment)
  const library = await import('google-auth-library')
  const clientOptions = (): NonNullable<GoogleAuthOptions['clientOptions']> => ({
    transporterOptions: { fetchImplementation: fetch },
  })
  const auth = new library.GoogleAuth({
    scopes: impersonated === undefined ? SCOPE : WIDE_SCOPE,
    clientOptions: clientOptions(),
  })
  const own: AuthClient =
    keyFile === undefined
      ? await auth.getClient()
      : // As the library reads the file that it finds by itself; its option for one that is named prints a warning.
        // oxlint-disable-next-line no-underscore-dangle -- it is part of the library's types
        await auth._getApplicationCredentialsFromFilePath(keyFile, clientOptions())
  if (impersonated === undefined) return own
  return quietly(
    () =>
      new library.Impersonated({
        sourceClient: own,
        targetPrincipal: impersonated,
        targetScopes: [SCOPE],
        delegates: [],
        lifetime: 3600,
      }),
  )
}

/** The library warns on the terminal of addresses in credentials from others; here the address is Google's own. */
function quietly<T>(make: () => T): T {
  const { warn } = console
  console.warn = () => undefined
  try {
    return make()
  } finally {
    console.warn = warn
  }
}

/** The file that the library would find by itself, but in the environment that was given, which may be another than the process's. */
async function keyFileOf(
  told: string | undefined,
  environment: OpenOptions['environment'],
): Promise<string | undefined> {
  if (told !== undefined) return checkedKeyFile(told)
  const named = environment['GOOGLE_APPLICATION_CREDENTIALS']
  if (named !== undefined && named !== '') return named
  const { CLOUDSDK_CONFIG: configured, HOME: home } = environment
  const folder =
    configured !== undefined && configured !== ''
      ? configured
      : home === undefined || home === ''
        ? undefined
        : join(home, '.config', 'gcloud')
  const usual =
    folder === undefined ? undefined : join(folder, 'application_default_credentials.json')
  return usual !== undefined && existsSync(usual) ? usual : undefined
}

/**
 * A repository's own configuration may name this file. One for external accounts names in turn what to read and where to send it: such a file must
 * come from the user.
 */
async function checkedKeyFile(path: string): Promise<string> {
  let type: unknown
  try {
    type = (JSON.parse(await readFile(path, 'utf8')) as { type?: unknown }).type
  } catch (error) {
    throw new StorageError('unauthenticated', `the key-file cannot be read: ${path}`, {
      cause: error,
    })
  }
  if (type !== 'service_account' && type !== 'authorized_user')
    throw new StorageError(
      'bad-remote',
      `the key-file ${path} holds no key of a service account: name it in GOOGLE_APPLICATION_CREDENTIALS instead`,
    )
  return path
}

function noCredentials(error: unknown): StorageError {
  if (isStorageError(error)) return error
  const { message, code, cause, response } = (error ?? {}) as {
    message?: unknown
    code?: unknown
    cause?: { readonly code?: unknown; readonly message?: unknown }
    response?: { status?: number }
  }
  const said = typeof message === 'string' ? (message.split('\n')[0] ?? '') : ''
  const status = response?.status
  const reason = [code, cause?.code].find(
    (one) =>
      typeof one === 'string' &&
      /^(?:E[A-Z_]+|UND_ERR_\w+|CONNECT_TIMEOUT|SILENT|CLOSED|BAD_ANSWER)$/.test(one),
  )
  // The token's server, not the bucket's: no answer, or one in trouble, says nothing about the credentials.
  const temporary =
    status === undefined
      ? reason !== undefined && reason !== 'ENOENT' && reason !== 'EACCES'
      : status >= 500 || status === 429
  if (temporary)
    return new StorageError('network', `no token could be had: ${said}`, {
      detail: status === undefined ? String(reason) : `status ${status}`,
    })
  return new StorageError('unauthenticated', `no credentials for the bucket: ${said}`, {
    detail:
      'GOOGLE_APPLICATION_CREDENTIALS, gcloud auth application-default login and the metadata server were asked',
  })
}
