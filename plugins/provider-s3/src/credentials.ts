import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isStorageError, type OpenOptions, StorageError } from '@lsync/core/provider'
import type { Connections } from '@lsync/http'
import {
  CHAIN_PATIENCE,
  type ContainerFailure,
  containerFailure,
  containerVariable,
  heard,
} from './container.ts'
import { configFileOf, filled } from './environment.ts'
import { parseBoto } from './ini.ts'
import { type Watched, watchedHandler } from './sdk.ts'

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  readonly expiration?: Date
}

type Chain = () => Promise<Credentials>

/** What is renewed this long before it ends. */
const EARLY = 5 * 60 * 1000
/** What could not be renewed, and is good still, is tried again after this. */
const PAUSE = 15 * 1000

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
  const container = profile === undefined ? containerVariable(environment) : undefined
  const isNamed = profile !== undefined || container !== undefined
  const watched = watchedHandler(connections)
  let chain: Chain | undefined
  let found = false
  let boto: Credentials | undefined
  return shared(async () => {
    // Once found there, the chain is not asked again: its last link, the metadata service, may take seconds to say no.
    if (boto !== undefined) return boto
    watched.trouble = undefined
    try {
      chain ??= await sdkChain(profile, environment, watched)
      const credentials = await (container === undefined ? chain() : heard(chain(), CHAIN_PATIENCE))
      if (credentials === undefined) throw noneOf(await containerFailure(container ?? ''))
      found = true
      return credentials
    } catch (error) {
      // It holds on to a question that nobody may ever answer.
      if (isStorageError(error)) chain = undefined
      // Neither a source that was named and fails, nor who was found before, must silently become somebody else.
      const nothing = isNothingFound(error)
      if (nothing && !found && !isNamed) boto = await fromBoto(environment)
      if (nothing && container !== undefined) throw noneOf(await containerFailure(container))
      const gone = nothing && found ? 'where they came from does not answer' : undefined
      if (boto === undefined) throw noCredentials(error, watched.trouble ?? gone, profile)
      onNotice?.('the credentials come from boto.cfg')
      return boto
    }
  })
}

/** One question at a time, however many ask. */
function shared(ask: Chain): Chain {
  let asking: Promise<Credentials> | undefined
  return () =>
    (asking ??= ask().finally(() => {
      asking = undefined
    }))
}

async function sdkChain(
  profile: string | undefined,
  environment: OpenOptions['environment'],
  { handler }: Watched,
): Promise<Chain> {
  const { fromNodeProviderChain } = await import('@aws-sdk/credential-providers')
  const home = filled(environment['HOME'])
  const filepath =
    filled(environment['AWS_SHARED_CREDENTIALS_FILE']) ??
    (home === undefined ? undefined : join(home, '.aws', 'credentials'))
  const configFilepath = configFileOf(environment)
  return fromNodeProviderChain({
    clientConfig: { requestHandler: handler },
    ...(profile === undefined ? {} : { profile }),
    ...(filepath === undefined ? {} : { filepath }),
    ...(configFilepath === undefined ? {} : { configFilepath }),
  })
}

/** `AssumeRole`, renewed in time, by one request however many ask; what was given is good until its end, whatever becomes of that. */
function assuming(
  role: string,
  base: Chain,
  environment: OpenOptions['environment'],
  connections: Connections,
): Chain {
  const watched = watchedHandler(connections)
  let assume: Chain | undefined
  let current: Credentials | undefined
  let next = 0
  const renew = shared(async () => {
    const { fromTemporaryCredentials } = await import('@aws-sdk/credential-providers')
    assume ??= fromTemporaryCredentials({
      params: { RoleArn: role, RoleSessionName: 'lsync' },
      masterCredentials: base,
      clientConfig: {
        region:
          filled(environment['AWS_REGION']) ??
          filled(environment['AWS_DEFAULT_REGION']) ??
          'us-east-1',
        requestHandler: watched.handler,
      },
    })
    watched.trouble = undefined
    try {
      current = await assume()
      return current
    } catch (error) {
      next = Date.now() + PAUSE
      if (current !== undefined && left(current) > 0) return current
      throw noCredentials(error, watched.trouble)
    }
  })
  return async () => {
    const isGood = current !== undefined && left(current) > (Date.now() < next ? 0 : EARLY)
    return isGood && current !== undefined ? current : renew()
  }
}

/** Milliseconds until their end. */
function left({ expiration }: Credentials): number {
  return (expiration?.getTime() ?? Number.POSITIVE_INFINITY) - Date.now()
}

/** `trouble`: why nobody could be asked, if that passes by itself. */
function noCredentials(error: unknown, trouble?: string, profile?: string): StorageError {
  if (isStorageError(error)) return error
  const { name, message } = (error ?? {}) as { name?: unknown; message?: unknown }
  const said = typeof message === 'string' ? (message.split('\n')[0] ?? '') : ''
  // The command of a `credential_process` may hold a secret in its arguments.
  const reason = said.startsWith('Command failed') ? 'its credential_process failed' : said
  const whose = profile === undefined ? 'for the bucket' : `in the profile ${profile}`
  const passing =
    trouble ?? (/^(?:Throttling|RequestLimit)/.test(String(name)) ? reason : undefined)
  if (passing !== undefined)
    return new StorageError(
      'network',
      `no credentials ${whose} could be had now: ${passing}`,
      reason === '' ? {} : { detail: reason },
    )
  const asked = 'environment, profiles, SSO, roles and boto.cfg were asked'
  return new StorageError(
    'unauthenticated',
    `no credentials ${whose}: ${reason}`,
    profile === undefined ? { detail: asked } : {},
  )
}

function noneOf({ reason, passes }: ContainerFailure): StorageError {
  return passes ? noCredentials(undefined, reason) : noCredentials({ message: reason })
}

/** The end of the SDK's chain: no link knew of any. After whatever else goes wrong, there may be some. */
function isNothingFound(error: unknown): boolean {
  return error instanceof Error && error.message === 'Could not load credentials from any providers'
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
