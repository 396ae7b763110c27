import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type OpenOptions, StorageError } from '@lsync/core/provider'
import type { Connections } from '@lsync/http'
import { configFileOf, filled } from './environment.ts'
import { parseBoto } from './ini.ts'
import { requestHandler } from './sdk.ts'

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  readonly expiration?: Date
}

type Chain = () => Promise<Credentials>

/** What is renewed this long before it ends. */
const EARLY = 5 * 60 * 1000

/**
 * Who we are, asked before each request: by the SDK's own chain (environment, profiles, SSO, roles), at last boto.cfg. Keys that stand in the
 * environment, with no profile named, are what the chain would give too: then the SDK is not loaded for them.
 *
 * The chain never learns the remote's endpoint, which a repository's own configuration may name: what it sends besides signatures (SSO and
 * web identity tokens) goes to the addresses of Amazon or of the user's own configuration only.
 */
export function credentialsOf(
  { settings, environment, onNotice }: OpenOptions,
  connections: Connections,
): Chain {
  const profile = settings['profile'] ?? filled(environment['AWS_PROFILE'])
  const role = settings['role']
  const base = baseCredentials(profile, environment, connections, onNotice)
  return role === undefined ? base : assuming(role, base, environment, connections)
}

function baseCredentials(
  profile: string | undefined,
  environment: OpenOptions['environment'],
  connections: Connections,
  onNotice: OpenOptions['onNotice'],
): Chain {
  const fixed = fromEnvironment(environment)
  if (profile === undefined && fixed !== undefined) return async () => fixed
  let chain: Chain | undefined
  let boto: Credentials | undefined
  return async () => {
    // Once found there, the chain is not asked again: its last link, the metadata service, may take seconds to say no.
    if (boto !== undefined) return boto
    try {
      chain ??= await sdkChain(profile, environment, connections)
      return await chain()
    } catch (error) {
      // A profile that was named and fails must not silently become somebody else.
      if (profile === undefined) boto = await fromBoto(environment)
      if (boto === undefined) throw noCredentials(error, profile)
      onNotice?.('the credentials come from boto.cfg')
      return boto
    }
  }
}

async function sdkChain(
  profile: string | undefined,
  environment: OpenOptions['environment'],
  connections: Connections,
): Promise<Chain> {
  const { fromNodeProviderChain } = await import('@aws-sdk/credential-providers')
  const home = filled(environment['HOME'])
  const filepath =
    filled(environment['AWS_SHARED_CREDENTIALS_FILE']) ??
    (home === undefined ? undefined : join(home, '.aws', 'credentials'))
  const configFilepath = configFileOf(environment)
  const handler = requestHandler(connections)
  return fromNodeProviderChain({
    clientConfig: { requestHandler: handler },
    ...(profile === undefined ? {} : { profile }),
    ...(filepath === undefined ? {} : { filepath }),
    ...(configFilepath === undefined ? {} : { configFilepath }),
  })
}

/** `AssumeRole`, renewed in time, by one request however many ask. */
function assuming(
  role: string,
  base: Chain,
  environment: OpenOptions['environment'],
  connections: Connections,
): Chain {
  let assume: Chain | undefined
  let current: Credentials | undefined
  let asking: Promise<Credentials> | undefined
  const ask = async (): Promise<Credentials> => {
    const { fromTemporaryCredentials } = await import('@aws-sdk/credential-providers')
    assume ??= fromTemporaryCredentials({
      params: { RoleArn: role, RoleSessionName: 'lsync' },
      masterCredentials: base,
      clientConfig: {
        region:
          filled(environment['AWS_REGION']) ??
          filled(environment['AWS_DEFAULT_REGION']) ??
          'us-east-1',
        requestHandler: requestHandler(connections),
      },
    })
    try {
      current = await assume()
      return current
    } catch (error) {
      throw noCredentials(error)
    } finally {
      asking = undefined
    }
  }
  return async () => {
    const end = current?.expiration?.getTime() ?? Number.POSITIVE_INFINITY
    return current !== undefined && end - Date.now() > EARLY ? current : (asking ??= ask())
  }
}

function noCredentials(error: unknown, profile?: string): StorageError {
  if (error instanceof StorageError) return error
  const said = error instanceof Error ? (error.message.split('\n')[0] ?? '') : ''
  // The command of a `credential_process` may hold a secret in its arguments.
  const reason = said.startsWith('Command failed') ? 'its credential_process failed' : said
  if (profile !== undefined)
    return new StorageError(
      'unauthenticated',
      `no credentials in the profile ${profile}: ${reason}`,
    )
  return new StorageError('unauthenticated', `no credentials for the bucket: ${reason}`, {
    detail: 'environment, profiles, SSO, roles and boto.cfg were asked',
  })
}

function fromEnvironment(environment: OpenOptions['environment']): Credentials | undefined {
  const accessKeyId = filled(environment['AWS_ACCESS_KEY_ID'])
  const secretAccessKey = filled(environment['AWS_SECRET_ACCESS_KEY'])
  const sessionToken = filled(environment['AWS_SESSION_TOKEN'])
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined
  return {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
  }
}

/** The user's own file stands above the machine's. */
async function fromBoto(environment: OpenOptions['environment']): Promise<Credentials | undefined> {
  const home = filled(environment['HOME'])
  for (const place of [...(home === undefined ? [] : [join(home, '.boto')]), '/etc/boto.cfg']) {
    const found = parseBoto(await readFile(place, 'utf8').catch(() => ''))
    if (found !== undefined) return found
  }
  return undefined
}
