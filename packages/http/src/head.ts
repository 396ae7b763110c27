import { ConnectionFailure } from './failure.ts'

/** How the end of a body is told. */
export type Framing = { readonly length: number } | 'chunked' | 'until-close'

/** What stands before a body. */
export interface Head {
  readonly status: number
  /** Names in lower case; a list where a name stands more than once. */
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly framing: Framing
  /** The connection may be used again; for so many milliseconds, where the server says so. */
  readonly keepsAlive: boolean
  readonly idle: number | undefined
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: |$)/
const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/
const LOWER_TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/
/** No server needs more headers. */
const MOST_HEADERS = 500
const UNWANTED = /[\0\r\n]/
const NO_BODY: Framing = { length: 0 }

/**
 * The head of an answer, by RFC 9112; what is not by it is refused rather than guessed (two lengths, lines that end in another way, names that are
 * none): who guesses may take one answer for another.
 *
 * @param text all before the blank line, a character a byte
 * @param method of the request: an answer to HEAD has no body
 * @throws ConnectionFailure `BAD_ANSWER`
 */
export function parseHead(text: string, method: string): Head {
  const lines = text.split('\r\n')
  if (lines.length > MOST_HEADERS) bad('it has too many headers')
  const [, minor, status = ''] = STATUS_LINE.exec(lines[0] ?? '') ?? bad('its first line is none')
  const headers: Record<string, string | string[]> = {}
  for (let index = 1; index < lines.length; index++) {
    const line = lines[index] ?? ''
    const colon = line.indexOf(':')
    if (colon < 0 || UNWANTED.test(line)) bad('a header is none')
    const name = nameOf(line.slice(0, colon))
    add(headers, name, valueOf(line, colon + 1))
  }
  const code = Number(status)
  const framing = framingOf(code, headers, method)
  return {
    status: code,
    headers,
    framing,
    keepsAlive:
      minor === '1' && framing !== 'until-close' && !listed(headers['connection'], 'close'),
    idle: idleOf(headers['keep-alive']),
  }
}

function add(headers: Record<string, string | string[]>, name: string, value: string): void {
  if (name === '__proto__') return
  const before = Object.hasOwn(headers, name) ? headers[name] : undefined
  if (before === undefined) headers[name] = value
  else if (typeof before === 'string') headers[name] = [before, value]
  else before.push(value)
}

/** Of names that were seen: a server has few, and writes them the same each time. */
const NAMES = new Map<string, string>()
const MOST_NAMES = 500

function nameOf(written: string): string {
  const known = NAMES.get(written)
  if (known !== undefined) return known
  if (!TOKEN.test(written)) bad('the name of a header is none')
  const name = written.toLowerCase()
  if (NAMES.size < MOST_NAMES) NAMES.set(written, name)
  return name
}

/** Without the blanks around it; no others, since the text is bytes, and 0xA0 the end of a letter. */
function valueOf(line: string, from: number): string {
  let [begin, end] = [from, line.length]
  while (begin < end && isBlank(line.charCodeAt(begin))) begin++
  while (end > begin && isBlank(line.charCodeAt(end - 1))) end--
  return line.slice(begin, end)
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}

function framingOf(status: number, headers: Head['headers'], method: string): Framing {
  const { 'content-length': length, 'transfer-encoding': encoding } = headers
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return NO_BODY
  if (encoding !== undefined) {
    if (length !== undefined) bad('it has two lengths')
    if (String(encoding).toLowerCase() !== 'chunked') bad('its encoding is not known')
    return 'chunked'
  }
  if (length === undefined) return 'until-close'
  if (typeof length !== 'string' || !/^\d{1,15}$/.test(length)) bad('its length is none')
  return { length: Number(length) }
}

function listed(header: string | string[] | undefined, word: string): boolean {
  return (
    header !== undefined &&
    String(header)
      .toLowerCase()
      .split(',')
      .some((one) => one.trim() === word)
  )
}

function idleOf(header: string | string[] | undefined): number | undefined {
  const seconds = header === undefined ? null : /timeout=(\d{1,6})/i.exec(String(header))
  return seconds === null ? undefined : Number(seconds[1]) * 1000
}

function bad(what: string): never {
  throw new ConnectionFailure('BAD_ANSWER', `it answers in a way that is not HTTP: ${what}`)
}

/** Header values and paths: nothing that could end a line, or that a byte cannot hold. */
const NOT_SENT = /[^\t\x20-\x7e\x80-\xff]/
const NO_PATH = /[^\x21-\x7e]/

/** What is asked, without the body's bytes. */
interface Asked {
  readonly method: string
  readonly path: string
  /** Names in lower case and values in turn. */
  readonly headers: readonly string[]
  /** In memory, or a stream, whose length a header must tell. */
  readonly body: Uint8Array | object | null
}

/**
 * @returns the head, a character a byte, with the blank line; and the bytes of the body that it announces. ConnectionFailure `BAD_REQUEST`: nothing may
 * be sent of a request whose end the other side would see elsewhere.
 */
export function requestHead(
  { method, path, headers, body }: Asked,
  host: string,
): { readonly head: string; readonly length: number } {
  if (NO_PATH.test(path)) refuse('not a path to ask for')
  let lines = `${method} ${path} HTTP/1.1\r\n`
  let hasHost = false
  let told: string | undefined
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] ?? ''
    const value = headers[at + 1] ?? ''
    // The name is not in the message, and the value even less: it may be a secret.
    if (NOT_SENT.test(value) || !LOWER_TOKEN.test(name)) refuse('a header cannot be sent')
    if (name === 'transfer-encoding') refuse('a body is sent with its length')
    hasHost ||= name === 'host'
    if (name === 'content-length') {
      if (told !== undefined || !/^\d{1,15}$/.test(value)) refuse('the length of the body is none')
      told = value
    }
    lines += `${name}: ${value}\r\n`
  }
  const held = body === null ? 0 : body instanceof Uint8Array ? body.length : undefined
  if (held === undefined && told === undefined) refuse('the length of the body is not told')
  const length = told === undefined ? (held ?? 0) : Number(told)
  if (held !== undefined && held !== length) refuse('the body has another length')
  if (!hasHost) lines += `host: ${host}\r\n`
  if (told === undefined && (body !== null || method === 'PUT' || method === 'POST'))
    lines += `content-length: ${length}\r\n`
  return { head: `${lines}\r\n`, length }
}

function refuse(what: string): never {
  throw new ConnectionFailure('BAD_REQUEST', what)
}
