import type { ObjectMetadata } from '../provider/index.ts'

/** What lsync itself keeps in an object's metadata, read and written here only. */
export interface FileMetadata {
  /** Milliseconds since the epoch. */
  readonly mtime?: number
  readonly executable: boolean
  readonly sha256?: string
  readonly author?: string
  readonly link: boolean
}

/** Seconds since the epoch with a fraction: the form that rclone reads and writes. */
function formatTime(milliseconds: number): string {
  const size = Math.abs(milliseconds)
  const seconds = Math.floor(size / 1000)
  const nanoseconds = Math.round((size - seconds * 1000) * 1e6)
  // Rounded up to a whole second.
  const carry = nanoseconds === 1e9 ? 1 : 0
  const fraction = (carry === 1 ? 0 : nanoseconds).toString().padStart(9, '0')
  return `${milliseconds < 0 ? '-' : ''}${seconds + carry}.${fraction}`
}

function parseTime(text: string | undefined): number | undefined {
  if (text === undefined || !/^-?\d{1,12}(\.\d{1,9})?$/.test(text)) return undefined
  // In two parts, since a number of seconds that is this large has no room for all digits of the fraction.
  const [seconds = '0', fraction = ''] = text.replace('-', '').split('.')
  const size = Number(seconds) * 1000 + Number(fraction.padEnd(9, '0')) / 1e6
  return text.startsWith('-') ? -size : size
}

export function readMetadata(metadata: ObjectMetadata | undefined): FileMetadata {
  const user = metadata?.user ?? {}
  const mtime = parseTime(user['mtime'])
  const { sha256, author } = user as { sha256?: string; author?: string }
  return {
    ...(mtime === undefined ? {} : { mtime }),
    executable: user['executable'] === 'true',
    ...(sha256 !== undefined && /^[0-9a-f]{64}$/.test(sha256) ? { sha256 } : {}),
    ...(author === undefined ? {} : { author }),
    link: user['type'] === 'link',
  }
}

const OWN = new Set(['mtime', 'executable', 'type', 'sha256', 'author'])

/** True if the object carries metadata that lsync did not set. The content type counts only beside others: lsync guesses one too. */
export function isAnnotated(metadata: ObjectMetadata | undefined): boolean {
  if (metadata === undefined) return false
  const { user, contentType: _guessed, ...headers } = metadata
  const foreign = Object.keys(user).some((name) => !OWN.has(name))
  // Without a digest somebody else wrote it, content type and all.
  return (
    foreign ||
    Object.values(headers).some((value) => value !== undefined) ||
    user['sha256'] === undefined
  )
}

/**
 * The metadata of a write: lsync's own keys, over what others had set on the object before. What stood there and holds no longer is said, not left out:
 * some servers (gofakes3, and with it rclone's) keep what a write does not name.
 */
export function writeMetadata(
  file: {
    readonly mtime: number
    readonly executable: boolean
    readonly sha256: string
    readonly author: string
    readonly link: boolean
    readonly contentType?: string
  },
  previous: ObjectMetadata | undefined,
): ObjectMetadata {
  const { executable, type, ...kept } = previous?.user ?? {}
  const { contentType: former, ...others } = previous ?? { user: {} }
  // What others called a file is no name for a link, nor the reverse.
  const contentType =
    file.link === (type === 'link') ? (former ?? file.contentType) : file.contentType
  return {
    ...(contentType === undefined ? {} : { contentType }),
    ...others,
    user: {
      ...kept,
      mtime: formatTime(file.mtime),
      ...(file.executable || executable !== undefined
        ? { executable: String(file.executable) }
        : {}),
      ...(file.link || type !== undefined ? { type: file.link ? 'link' : 'file' } : {}),
      sha256: file.sha256,
      author: file.author,
    },
  }
}
