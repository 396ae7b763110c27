import * as fc from 'fast-check'
import type { BaseEntry, Row } from '../../src/model/entry.ts'
import type { SortedStream } from '../../src/model/side.ts'

export function fileEntry(version: string, more: Partial<BaseEntry> = {}): BaseEntry {
  return {
    type: 'file',
    size: version.length,
    sha256: 'ab'.repeat(32),
    executable: false,
    remote: { version, fingerprint: `${version}/1` },
    ...more,
  }
}

/** Names as hostile as a key may be: quotes, line ends, what YAML reads as something else, and what sorts differently in UTF-16. */
const segment = fc.oneof(
  fc.constantFrom('a', 'b', 'a b', '-', '? x', ': {', '": {', '\\', '"', '#', 'end', '__proto__'),
  fc.constantFrom('\n', '\r', '\t', '\u{7f}', '\u{85}', '\u{2028}', '\u{feff}', '\u{fffe}'),
  fc.constantFrom('\u{ff5e}', '\u{1f600}', 'ü', 'ü', '0', '1e5', 'null', '<<', '~'),
  fc
    .string({ unit: 'binary', minLength: 1, maxLength: 4 })
    .map((text) => text.replaceAll(/[/\0]/g, '_')),
)

export const anyPath = fc
  .array(segment, { minLength: 1, maxLength: 3 })
  .map((segments) => segments.join('/'))

const time = fc.double({ min: 0, max: 4e12, noNaN: true, noDefaultInfinity: true })

export const anyEntry: fc.Arbitrary<BaseEntry> = fc.record(
  {
    type: fc.constant('file' as const),
    size: fc.maxSafeNat(),
    sha256: fc.constantFrom('ab'.repeat(32), 'cd'.repeat(32)),
    executable: fc.boolean(),
    remote: fc.record(
      {
        version: fc.string({ unit: 'binary', maxLength: 8 }),
        fingerprint: fc.string({ maxLength: 8 }),
        size: fc.maxSafeNat(),
        digests: fc.constant({ 'md5/8388608': 'ef'.repeat(16) }),
        annotated: fc.constant(true as const),
      },
      { requiredKeys: ['version', 'fingerprint'] },
    ),
    local: fc.record({ mtime: time, ctime: time, inode: fc.maxSafeNat() }),
    author: fc.string({ unit: 'binary', maxLength: 8 }),
  },
  { requiredKeys: ['type', 'size', 'sha256', 'executable', 'remote'] },
)

export async function collect(stream: SortedStream<Row>): Promise<readonly Row[]> {
  const rows: Row[] = []
  for await (const page of stream) rows.push(...page)
  return rows
}
