import { readFileSync } from 'node:fs'
import tls from 'node:tls'
import { type OpenOptions, StorageError } from '@lsync/core/provider'
import { Channels } from './channels.ts'
import { blamed } from './connection-error.ts'
import { type Answer, type Dispatcher, exchange, type Outgoing } from './exchange.ts'
import { ProxiedLine } from './proxied-line.ts'

export interface Limits {
  /** Milliseconds until a connection stands, on a line that is free. */
  readonly connect: number
  /** Milliseconds without a byte, until the other side counts as gone, on a line that is free. */
  readonly silence: number
}

const LIMITS: Limits = { connect: 10_000, silence: 60_000 }

export interface ConnectOptions extends Pick<OpenOptions, 'environment' | 'concurrency'> {
  /** A variable that names a file of certificates, which stand in place of the built-in ones. */
  readonly bundle?: string
  readonly limits?: Limits
}

export interface Connection {
  /** One request, one attempt. Errors are those of the connection, with a code, or the signal's reason. */
  exchange(request: Outgoing, signal: AbortSignal): Promise<Answer>
}

/** Connections that are kept, with proxies and certificates as the environment says. */
export interface Connections {
  /** `http:` or `https:`: each may have a proxy of its own. */
  for(protocol: string): Connection
  /** Milliseconds that the quickest answer took. */
  readonly quickest: number | undefined
  destroy(): Promise<void>
}

export async function connect({
  environment,
  concurrency,
  bundle,
  limits = LIMITS,
}: ConnectOptions): Promise<Connections> {
  const proxied = ['http_proxy', 'https_proxy'].some(
    (name) => named(environment, name) !== undefined,
  )
  const undici = proxied ? await import('undici') : undefined
  const noProxy = named(environment, 'no_proxy')
  const made = new Map<string, Dispatcher>()
  const make = (protocol: string): Dispatcher => {
    const secure = protocol === 'https:'
    const trust = secure && bundle !== undefined ? trusted(environment, bundle) : {}
    // More than core asks for at once: a removal must not wait behind uploads while its lease runs.
    const connections = Math.max(concurrency * 2, 16)
    const proxy = named(environment, secure ? 'https_proxy' : 'http_proxy')
    if (proxy === undefined || undici === undefined)
      return new Channels({ connections, ...limits, ...trust })
    checkProxy(proxy, secure ? 'HTTPS_PROXY' : 'HTTP_PROXY')
    const connector = { timeout: limits.connect, ...trust }
    return new undici.EnvHttpProxyAgent({
      connections,
      pipelining: 1,
      headersTimeout: limits.silence,
      bodyTimeout: limits.silence,
      connect: connector,
      connectTimeout: limits.connect,
      requestTls: connector,
      proxyTls: connector,
      // Empty, not absent: else the process's environment is asked, which may be another than the one that was given.
      httpProxy: secure ? '' : proxy,
      httpsProxy: secure ? proxy : '',
      noProxy: noProxy ?? '',
    })
  }
  let quickest: number | undefined
  const hear = (milliseconds: number): void => {
    if (quickest === undefined || milliseconds < quickest) quickest = milliseconds
  }
  return {
    get quickest() {
      return quickest
    },
    for(protocol) {
      let dispatcher = made.get(protocol)
      if (dispatcher === undefined) {
        dispatcher = make(protocol)
        made.set(protocol, dispatcher)
      }
      const through = dispatcher
      const variable = protocol === 'https:' ? 'https_proxy' : 'http_proxy'
      const proxy = named(environment, variable)
      if (proxy === undefined)
        return { exchange: (request, signal) => exchange(through, request, signal, hear) }
      const line = new ProxiedLine(limits.silence)
      return {
        exchange: (request, signal) =>
          line
            .send(request, (patient) => exchange(through, patient, signal, hear))
            .catch((error: unknown) => {
              throw blamed(error, proxy, variable.toUpperCase())
            }),
      }
    },
    async destroy() {
      await Promise.all([...made.values()].map((dispatcher) => dispatcher.destroy()))
    },
  }
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

/** The bundle stands in place of the built-in certificates; NODE_EXTRA_CA_CERTS is added all the same. */
function trusted(
  environment: OpenOptions['environment'],
  bundle: string,
): {
  readonly secureContext?: tls.SecureContext
} {
  const path = environment[bundle]
  if (path === undefined || path === '') return {}
  const extra = tls.getCACertificates('extra')
  try {
    // Read once: a bundle of a hundred certificates takes longer to read than a connection to make.
    return {
      secureContext: tls.createSecureContext({ ca: [readFileSync(path, 'utf8'), ...extra] }),
    }
  } catch (error) {
    throw new StorageError(
      'bad-remote',
      `the certificate bundle ${bundle} cannot be read: ${path}`,
      { cause: error },
    )
  }
}
