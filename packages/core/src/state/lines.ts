import type { Disk } from '../disk/disk.ts'

/**
 * The lines of a file, in pages, without their ends. The last page says whether the last line had one.
 * `strict` throws a TypeError at bytes that are no UTF-8; else they read as replacement characters.
 */
export async function* readLines(
  disk: Disk,
  path: string,
  { strict = false } = {},
): AsyncGenerator<{ readonly lines: readonly string[]; readonly torn: boolean }> {
  await using file = await disk.open(path)
  const decoder = new TextDecoder('utf-8', { fatal: strict })
  let rest = ''
  for await (const chunk of file.read({ reuse: true }, new AbortController().signal)) {
    const text = rest + decoder.decode(chunk, { stream: true })
    const lines = text.split('\n')
    rest = lines.pop() ?? ''
    if (lines.length > 0) yield { lines, torn: false }
  }
  rest += decoder.decode()
  if (rest !== '') yield { lines: [rest], torn: true }
}
