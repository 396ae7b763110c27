import { readFileSync } from 'node:fs'
import type { Dispatcher } from 'undici'
import { type OpenOptions, StorageError } from '@lsync/core/provider'

const CONNECT_TIMEOUT = 10_000
const SILENCE_TIMEOUT = 60_000

/** The one connection layer, for the lean requests and for the SDK: keep-alive, proxies and certificate bundles as the environment says. */
export async function connect({ environment, concurrency }: OpenOptions): Promise<Dispatcher> {
  const { Agent, EnvHttpProxyAgent } = await import('undici')
  const bundle = environment['AWS_CA_BUNDLE']
  const options = {
    connections: Math.max(concurrency * 2, 16),
    pipelining: 1,
    headersTimeout: SILENCE_TIMEOUT,
    bodyTimeout: SILENCE_TIMEOUT,
    connect: {
      timeout: CONNECT_TIMEOUT,
      ...(bundle === undefined ? {} : { ca: readBundle(bundle) }),
    },
  }
  const either = (name: string): string | undefined =>
    environment[name] ?? environment[name.toUpperCase()]
  const httpProxy = either('http_proxy')
  const httpsProxy = either('https_proxy')
  const noProxy = either('no_proxy')
  if (httpProxy === undefined && httpsProxy === undefined) return new Agent(options)
  return new EnvHttpProxyAgent({
    ...options,
    ...(httpProxy === undefined ? {} : { httpProxy }),
    ...(httpsProxy === undefined ? {} : { httpsProxy }),
    ...(noProxy === undefined ? {} : { noProxy }),
  })
}

function readBundle(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new StorageError(
      'bad-remote',
      `the certificate bundle AWS_CA_BUNDLE cannot be read: ${path}`,
      { cause: error },
    )
  }
}
