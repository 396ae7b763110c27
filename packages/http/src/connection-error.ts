import { isStorageError, StorageError } from '@lsync/core/provider'

const TOO_MANY =
  'more connections were to be open at once than the system allows (ulimit -n): try --jobs 4'
const REASONS: Readonly<Record<string, string>> = {
  EMFILE: TOO_MANY,
  ENFILE: TOO_MANY,
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name of the host cannot be looked up now',
  CONNECT_TIMEOUT: 'no connection after 10 s',
  SILENT: 'the store went silent',
  CLOSED: 'the connection was closed',
  ETIMEDOUT: 'the connection timed out',
  UND_ERR_CONNECT_TIMEOUT: 'no connection after 10 s',
  UND_ERR_HEADERS_TIMEOUT: 'the store went silent',
  UND_ERR_BODY_TIMEOUT: 'the store went silent',
  UND_ERR_SOCKET: 'the connection was closed',
  ECONNRESET: 'the connection was closed',
  EPIPE: 'the connection was closed',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak https: is http:// meant?',
}

/** As undici tells that a proxy gives no way through. */
const NO_WAY_THROUGH = /^Proxy (?:response|Authentication Required) \((\d{3})\)/

/**
 * Where it was the proxy that nobody could connect to, or that lets nobody through, the failure in words that name it, and not the store behind it; the failure
 * as it is otherwise.
 * @param variable the one that names the proxy, whose address may hold a password: only host and port are told
 */
export function blamed(error: unknown, proxy: string, variable: string): unknown {
  const { code, hostname, port, message } = (error ?? {}) as Partial<
    Record<'code' | 'hostname' | 'port' | 'message', unknown>
  >
  const url = new URL(proxy)
  const status = NO_WAY_THROUGH.exec(typeof message === 'string' ? message : '')?.[1]
  if (status !== undefined)
    return new StorageError(
      'network',
      `the proxy ${url.host}, which ${variable} names, ${status === '407' ? 'wants a user and a password, or others, in its address' : 'gives no way to the store'}`,
      { detail: `status ${status}`, cause: error },
    )
  // What was dialled: a name that is not known, or a port on which nothing listens.
  const dialled = hostname === url.hostname || (url.port !== '' && port === Number(url.port))
  if (!dialled || typeof code !== 'string') return error
  return new StorageError(
    'network',
    `no answer from the proxy ${url.host}, which ${variable} names: ${REASONS[code] ?? code}`,
    { detail: code, cause: error },
  )
}

/**
 * A failure without an answer, in the words of the contract with providers; one that is a StorageError already, as it is.
 * @param key what the request was about; empty where it was about no object
 * @param bundle the variables that may name a bundle of certificates
 */
export function connectionError(
  key: string,
  host: string,
  error: unknown,
  bundle: string,
): StorageError {
  if (isStorageError(error)) return error
  const { code: named, message: text } = (error ?? {}) as { code?: unknown; message?: unknown }
  const code = typeof named === 'string' ? named : ''
  const said = typeof text === 'string' && text !== '' ? text : code
  // No bundle helps against that, and it may pass: a network that wants a login first answers in everybody's place.
  const isOthers = code === 'ERR_TLS_CERT_ALTNAME_INVALID'
  // A certificate that is not trusted now will not be trusted in a second: no reason to try again.
  const certificate = !isOthers && /CERT|ERR_TLS|SELF_SIGNED|UNABLE_TO_/.test(code)
  return new StorageError(
    certificate ? 'bad-remote' : 'network',
    certificate
      ? `the certificate of ${host} is not trusted (${said}): name a bundle in ${bundle}`
      : isOthers
        ? `what answers for ${host} has the certificate of another host: does this network want a login first, or is it the wrong endpoint? (${said})`
        : `no answer from ${host}: ${REASONS[code] ?? said}`,
    {
      ...(key === '' ? {} : { key }),
      ...(code === '' ? {} : { detail: code }),
      cause: error,
    },
  )
}
