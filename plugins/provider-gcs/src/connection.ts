import type { Dispatcher } from 'undici'
import { type OpenOptions, StorageError } from '@lsync/core/provider'

/** Milliseconds until a connection stands. */
const CONNECT = 10_000
/** Milliseconds without a byte, until the other side counts as gone. */
const SILENCE = 60_000

/** The one connection layer, for objects and for tokens: keep-alive, and proxies as the environment says. */
export interface Connections {
  /** `http:` or `https:`: each may have a proxy of its own. */
  for(protocol: string): Dispatcher
  /** `fetch` over these connections, for Google's library. */
  readonly fetch: typeof fetch
  destroy(): Promise<void>
}

export async function connect({
  environment,
  concurrency,
}: Pick<OpenOptions, 'environment' | 'concurrency'>): Promise<Connections> {
  const { Agent, EnvHttpProxyAgent, fetch: fetchOver } = await import('undici')
  const made = new Map<string, Dispatcher>()
  const make = (protocol: string): Dispatcher => {
    const secure = protocol === 'https:'
    const options = {
      connections: Math.max(concurrency * 2, 16),
      pipelining: 1,
      headersTimeout: SILENCE,
      bodyTimeout: SILENCE,
      connect: { timeout: CONNECT },
    }
    const proxy = named(environment, secure ? 'https_proxy' : 'http_proxy')
    if (proxy === undefined) return new Agent(options)
    checkProxy(proxy, secure ? 'HTTPS_PROXY' : 'HTTP_PROXY')
    return new EnvHttpProxyAgent({
      ...options,
      connectTimeout: CONNECT,
      // Empty, not absent: else the process's environment is asked, which may be another than the one that was given.
      httpProxy: secure ? '' : proxy,
      httpsProxy: secure ? proxy : '',
      noProxy: named(environment, 'no_proxy') ?? '',
    })
  }
  const connections: Connections = {
    for(protocol) {
      let dispatcher = made.get(protocol)
      if (dispatcher === undefined) {
        dispatcher = make(protocol)
        made.set(protocol, dispatcher)
      }
      return dispatcher
    },
    // The types of undici's own fetch and of Node's differ in name only.
    fetch: ((input: string | URL, init?: object) =>
      fetchOver(input, {
        ...init,
        dispatcher: connections.for(new URL(input).protocol),
      })) as unknown as typeof fetch,
    async destroy() {
      await Promise.all([...made.values()].map((dispatcher) => dispatcher.destroy()))
    },
  }
  return connections
}

function named(environment: OpenOptions['environment'], name: string): string | undefined {
  const value = environment[name] ?? environment[name.toUpperCase()]
  return value === '' ? undefined : value
}

/** The value may hold a password: it is not repeated. */
function checkProxy(proxy: string, variable: string): void {
  if (!/^(?:https?|socks5?):$/.test(URL.parse(proxy)?.protocol ?? ''))
    throw new StorageError('bad-remote', `${variable} is no web address like http://host:port`)
}
