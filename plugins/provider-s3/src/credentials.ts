import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type OpenOptions, StorageError } from '@lsync/core/provider'
import { parseBoto } from './boto.ts'

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

export interface Identity {
  /** Asked before each request; the SDK's chain renews what expires. */
  readonly credentials: () => Promise<Credentials>
  readonly region: string
}

const DEFAULT_REGION = 'us-east-1'

/**
 * Who we are, by the SDK's own chain: environment, profiles, SSO, roles; at last boto.cfg. Keys that stand in the environment, with no profile
 * named, are what the chain would give too: then the SDK is not loaded for them.
 */
export async function identify({ settings, environment }: OpenOptions): Promise<Identity> {
  const profile = settings['profile'] ?? environment['AWS_PROFILE']
  const role = settings['role']
  const accessKeyId = environment['AWS_ACCESS_KEY_ID']
  const secretAccessKey = environment['AWS_SECRET_ACCESS_KEY']
  const sessionToken = environment['AWS_SESSION_TOKEN']
  const region =
    settings['region'] ?? environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION']
  const endpoint = endpointOf(settings, environment)
  if (
    profile === undefined &&
    role === undefined &&
    accessKeyId !== undefined &&
    secretAccessKey !== undefined
  ) {
    const fixed: Credentials = {
      accessKeyId,
      secretAccessKey,
      ...(sessionToken === undefined ? {} : { sessionToken }),
    }
    return { credentials: async () => fixed, region: region ?? DEFAULT_REGION }
  }
  const { S3Client } = await import('@aws-sdk/client-s3')
  const client = new S3Client({
    ...(profile === undefined ? {} : { profile }),
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
  })
  const chain = await withRole(client.config.credentials, role, region, profile)
  return {
    credentials: () => resolveCredentials(chain, environment),
    region: region ?? (await client.config.region().catch(() => DEFAULT_REGION)),
  }
}

export function endpointOf(
  settings: OpenOptions['settings'],
  environment: OpenOptions['environment'],
): string | undefined {
  return (
    settings['endpoint'] ?? environment['AWS_ENDPOINT_URL_S3'] ?? environment['AWS_ENDPOINT_URL']
  )
}

type Chain = () => Promise<Credentials>

async function withRole(
  chain: Chain,
  role: string | undefined,
  region: string | undefined,
  profile: string | undefined,
): Promise<Chain> {
  if (role === undefined) return chain
  const { fromTemporaryCredentials } = await import('@aws-sdk/credential-providers')
  const assume = fromTemporaryCredentials({
    params: { RoleArn: role, RoleSessionName: 'lsync' },
    masterCredentials: chain,
    clientConfig: {
      region: region ?? DEFAULT_REGION,
      ...(profile === undefined ? {} : { profile }),
    },
  })
  let current: (Credentials & { readonly expiration?: Date }) | undefined
  return async () => {
    const soon = Date.now() + 5 * 60 * 1000
    if (
      current === undefined ||
      (current.expiration !== undefined && current.expiration.getTime() < soon)
    )
      current = await assume()
    return current
  }
}

async function resolveCredentials(
  chain: Chain,
  environment: OpenOptions['environment'],
): Promise<Credentials> {
  try {
    return await chain()
  } catch (error) {
    const boto = await fromBoto(environment)
    if (boto !== undefined) return boto
    const reason = error instanceof Error ? error.message : 'none found'
    throw new StorageError('unauthenticated', `no credentials: ${reason}`, {
      detail: 'environment, profiles, SSO, roles and boto.cfg were asked',
      cause: error,
    })
  }
}

async function fromBoto(environment: OpenOptions['environment']): Promise<Credentials | undefined> {
  const home = environment['HOME']
  const places = [...(home === undefined ? [] : [join(home, '.boto')]), '/etc/boto.cfg']
  for (const place of places) {
    const text = await readFile(place, 'utf8').catch(() => '')
    const found = parseBoto(text)
    if (found !== undefined) return found
  }
  return undefined
}
