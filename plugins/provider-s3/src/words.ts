/**
 * Text in headers, which carry ASCII only: RFC 2047 encoded words, the form in which S3 itself returns what is not ASCII, so that other tools
 * can read ours and we theirs.
 */
const WORD = /=\?([A-Za-z0-9_-]+)\?([BbQq])\?([^?\s]*)\?=/
const WORDS = new RegExp(`^\\s*${WORD.source}(?:\\s+${WORD.source})*\\s*$`)

/** True if it arrives as it is: printable ASCII, no blank at an end (it would be cut), and nothing that reads as an encoded word. */
export function isPlain(value: string): boolean {
  return (
    value === '' || (/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value) && !WORDS.test(value))
  )
}

export function encodeWord(value: string): string {
  return `=?UTF-8?B?${Buffer.from(value, 'utf8').toString('base64')}?=`
}

/** What a header says that was written by `encodeWord`, by another tool, or as it is. */
export function decodeHeader(header: string): string {
  const text = rawText(header)
  return text.includes('=?') ? decodeWords(text) : text
}

/** A header as the HTTP layer gives it, an octet a character: UTF-8 where it can be (some servers send it raw), else Latin-1. */
function rawText(header: string): string {
  if (!/[\x80-\xff]/.test(header)) return header
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(header, 'latin1'))
  } catch {
    return header
  }
}

/** Values that are not wholly encoded words are left as they are. */
function decodeWords(value: string): string {
  if (!WORDS.test(value)) return value
  const bytes: Buffer[] = []
  let charset = 'utf-8'
  for (const [, name = '', encoding = '', text = ''] of value.matchAll(new RegExp(WORD, 'g'))) {
    charset = name
    bytes.push(encoding.toLowerCase() === 'b' ? Buffer.from(text, 'base64') : decodeQ(text))
  }
  try {
    // Together, not word by word: some writers cut in the middle of a character.
    return new TextDecoder(charset, { fatal: true, ignoreBOM: true }).decode(Buffer.concat(bytes))
  } catch {
    return value
  }
}

function decodeQ(text: string): Buffer {
  return Buffer.from(
    text
      .replaceAll('_', ' ')
      .replaceAll(/=([0-9A-Fa-f]{2})/g, (_, hex: string) =>
        String.fromCharCode(Number.parseInt(hex, 16)),
      ),
    'latin1',
  )
}
