import type { Disk } from '../disk/disk.ts'

/** Whole lines in one text, each with its end; only a torn one, the last of a file, or the last that is looked at, may have none. */
export interface Stretch {
  readonly text: string
  readonly torn: boolean
}

/**
 * A file in stretches of whole lines: to find each line's end in there costs half of what a string for every line does.
 * `strict` throws a TypeError at bytes that are no UTF-8; else they read as replacement characters. A line that does not end where the longest
 * would is torn, and what stands behind is not read: it was no person, and not lsync, that wrote it.
 */
export async function* readStretches(
  disk: Disk,
  path: string,
  { strict = false } = {},
): AsyncGenerator<Stretch> {
  await using file = await disk.open(path)
  const decoder = new TextDecoder('utf-8', { fatal: strict })
  let rest = ''
  for await (const chunk of file.read({ reuse: true }, new AbortController().signal))
    for (const piece of pieces(chunk)) {
      const text = decoder.decode(piece, { stream: true })
      const end = text.lastIndexOf('\n') + 1
      if (end > 0) yield { text: rest + text.slice(0, end), torn: false }
      rest = end > 0 ? text.slice(end) : rest + text
      if (rest.length > LONGEST_LINE) {
        yield { text: rest, torn: true }
        return
      }
    }
  rest += decoder.decode()
  if (rest !== '') yield { text: rest, torn: true }
}

/** Far more than the longest paths and their notes come to. */
const LONGEST_LINE = 16 * 1024 * 1024

/** A longer text would lie where memory is tidied seldom, and at a price. */
const PIECE = 64 * 1024

/** Cut behind a line's end where there is one, so that nothing has to be glued together. */
function* pieces(chunk: Uint8Array): Iterable<Uint8Array> {
  for (let from = 0, to = 0; from < chunk.length; from = to) {
    const most = Math.min(from + PIECE, chunk.length)
    to = chunk.lastIndexOf(NEWLINE, most - 1) + 1
    if (to <= from) to = most
    yield chunk.subarray(from, to)
  }
}

const NEWLINE = 0x0a

/** The same as lines, without their ends. */
export async function* readLines(
  disk: Disk,
  path: string,
): AsyncGenerator<{ readonly lines: readonly string[]; readonly torn: boolean }> {
  for await (const { text, torn } of readStretches(disk, path))
    yield { lines: (torn ? text : text.slice(0, -1)).split('\n'), torn }
}
