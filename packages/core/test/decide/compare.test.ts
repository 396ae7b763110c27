import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { compare } from '../../src/decide/compare.ts'
import type { Change, Judged } from '../../src/decide/evidence.ts'
import { compareOverriding } from '../../src/decide/override.ts'
import type { BaseEntry, LocalEntry, RemoteEntry } from '../../src/model/entry.ts'
import type { ConflictPolicy, Settlement, SyncMode } from '../../src/model/plan.ts'

const document = readFileSync(
  new URL('../../../../docs/reconcile-table.md', import.meta.url),
  'utf8',
)
const MODES = ['sync', 'pull', 'push'] as const

const base: BaseEntry = {
  type: 'file',
  size: 1,
  sha256: 'b',
  executable: false,
  remote: { version: 'v1', fingerprint: 'f1' },
}

function local(mtime = 10_000): LocalEntry {
  const stat = {
    kind: 'file',
    size: 1,
    mtime,
    ctime: 1,
    inode: 1,
    device: 1,
    executable: false,
  } as const
  return { type: 'file', stat, seen: 1 }
}

function remote(mtime = 10): RemoteEntry {
  return {
    key: 'p',
    size: 1,
    modified: 0,
    version: 'v2',
    fingerprint: 'f2',
    digests: {},
    metadata: { user: { mtime: String(mtime) } },
  }
}

/** The words of the document for a side. */
const CHANGES: Readonly<Record<string, Change>> = {
  unchanged: 'unchanged',
  edited: 'changed',
  created: 'new',
  removed: 'removed',
  none: 'none',
}

function row(
  here: string,
  there: string,
  content: string,
  times = { local: 10_000, remote: 10 },
): Judged {
  const localChange = CHANGES[here]
  const remoteChange = CHANGES[there]
  if (localChange === undefined || remoteChange === undefined) throw new Error(`${here} × ${there}`)
  const hasBase = [localChange, remoteChange].some(
    (change) => change !== 'new' && change !== 'none',
  )
  const isThere = (change: Change): boolean => change !== 'removed' && change !== 'none'
  const object = remote(times.remote)
  return {
    joined: {
      path: 'p',
      ...(hasBase ? { base } : {}),
      local: isThere(localChange)
        ? { state: 'present', entry: local(times.local) }
        : { state: 'absent' },
      remote: isThere(remoteChange) ? { state: 'present', entry: object } : { state: 'absent' },
    },
    local: localChange,
    remote: remoteChange,
    equal: content === 'same',
    metadata: object.metadata ?? { user: {} },
  }
}

function outcome(judged: Judged, mode: SyncMode, policy: ConflictPolicy): string {
  const decision = compare(judged, { mode, policy })
  return decision.kind === 'action' ? decision.action.kind : decision.kind
}

/** Body rows of the table whose header starts with this word. */
function tableOf(header: string): string[][] {
  const lines = document.split('\n')
  const start = lines.findIndex((line) => line.split('|')[1]?.trim() === header)
  const end = lines.findIndex((line, index) => index > start && !line.startsWith('|'))
  return lines.slice(start + 2, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

describe('docs/reconcile-table.md is what the code does', () => {
  const rows = tableOf('local')
  test('the table is there', () => {
    expect(rows.length).toBeGreaterThan(10)
  })
  for (const [here = '', there = '', content = '', ...expected] of rows)
    for (const [index, mode] of MODES.entries())
      test(`${mode}: local ${here}, remote ${there}, ${content}`, () => {
        expect(outcome(row(here, there, content), mode, 'manual')).toBe(expected[index])
      })
})

describe('conflict policies are as documented', () => {
  const times = {
    'newest, local is newer': { local: 100_000, remote: 10 },
    'newest, remote is newer': { local: 10_000, remote: 100 },
  }
  for (const [policy = '', ...expected] of tableOf('policy'))
    for (const [index, mode] of MODES.entries())
      for (const change of ['edited', 'created'])
        test(`${policy}, ${mode}, ${change} on both sides`, () => {
          const judged = row(change, change, 'differs', times[policy as keyof typeof times])
          const name = policy.split(',')[0] as ConflictPolicy
          expect(outcome(judged, mode, name)).toBe(expected[index])
        })
  test('newest asks a person where the times are within a second', () => {
    const judged = row('edited', 'edited', 'differs', { local: 10_500, remote: 10 })
    expect(outcome(judged, 'sync', 'newest')).toBe('conflict')
  })
  test('a version that was never seen is kept before local content overwrites it', () => {
    const decision = compare(row('edited', 'edited', 'differs'), { mode: 'sync', policy: 'local' })
    expect(decision).toMatchObject({
      action: { kind: 'upload', keepRemote: true, expect: { version: 'v2' } },
    })
  })
})

describe('--force and --mirror are as documented', () => {
  const rows = tableOf('here')
  const columns = [
    ['push', 'force'],
    ['push', 'mirror'],
    ['pull', 'force'],
    ['pull', 'mirror'],
  ] as const
  test('the table is there', () => {
    expect(rows).toHaveLength(10)
  })
  for (const [here = '', there = '', content = '', ...expected] of rows)
    for (const [index, [mode, override]] of columns.entries())
      test(`${mode} --${override}: local ${here}, remote ${there}`, () => {
        const decision = compareOverriding(row(here, there, content), mode, override)
        expect(decision.kind === 'action' ? decision.action.kind : decision.kind).toBe(
          expected[index],
        )
        if (decision.kind !== 'action') return
        const { action } = decision
        // Whatever the base does not vouch for is kept before it goes.
        if (action.kind === 'upload' && action.over !== undefined)
          expect(action.keepRemote).toBe(there !== 'unchanged')
        if (action.kind === 'remove-remote')
          expect(action.keepRemote === true).toBe(there !== 'unchanged')
        if (action.kind === 'remove-local')
          expect(action.forced === true).toBe(here !== 'unchanged')
      })
  test.each([
    ['push', 'upload'],
    ['pull', 'set-executable'],
  ] as const)('the executable bit is that of the side that wins: %s', (mode, kind) => {
    const judged = row('unchanged', 'edited', 'same')
    const bits = { ...judged, metadata: { user: { executable: 'true' } } }
    expect(compareOverriding(bits, mode, 'force')).toMatchObject({
      action: { kind, executable: mode === 'pull' },
    })
  })
})

describe('a decision of a person', () => {
  const shown = { inode: 1, size: 1, mtime: 10_000, ctime: 1 }
  const decide = (settlement: Settlement): string => {
    const decision = compare(row('edited', 'edited', 'differs'), {
      mode: 'sync',
      policy: 'remote',
      settlement,
    })
    return decision.kind === 'action' ? decision.action.kind : decision.kind
  }
  test.each([
    ['local', 'upload'],
    ['remote', 'download'],
    ['both', 'keep-both'],
    ['newest', 'conflict'],
  ] as const)('settles what was shown: %s', (choice, expected) => {
    const keep = choice === 'both' ? 'keep-both' : choice
    expect(decide({ keep, local: shown, remote: 'v2' })).toBe(expected)
  })
  test('is void where a side moved since', () => {
    expect(decide({ keep: 'local', local: shown, remote: 'v1' })).toBe('conflict')
    for (const moved of [{ inode: 2 }, { size: 2 }, { mtime: 9000 }, { ctime: 2 }])
      expect(decide({ keep: 'remote', local: { ...shown, ...moved }, remote: 'v2' })).toBe(
        'conflict',
      )
  })
})

describe('the executable bit merges apart from content', () => {
  const judge = (bits: { base?: boolean; local: boolean; remote: boolean }): Judged => {
    const judged = row('unchanged', 'unchanged', 'same')
    const here = local()
    return {
      ...judged,
      joined: {
        path: 'p',
        ...(bits.base === undefined ? {} : { base: { ...base, executable: bits.base } }),
        local: {
          state: 'present',
          entry: { ...here, stat: { ...here.stat, executable: bits.local } },
        },
        remote: { state: 'present', entry: remote() },
      },
      metadata: { user: bits.remote ? { executable: 'true' } : {} },
    }
  }
  test.each([
    ['set here', { base: false, local: true, remote: false }, 'upload', true],
    ['set there', { base: false, local: false, remote: true }, 'set-executable', true],
    ['cleared there', { base: true, local: true, remote: false }, 'set-executable', false],
    ['cleared here', { base: true, local: false, remote: true }, 'upload', false],
    ['set on both', { base: false, local: true, remote: true }, 'adopt', true],
    ['new on both, set there', { local: false, remote: true }, 'set-executable', true],
    ['new on both, set here', { local: true, remote: false }, 'upload', true],
  ] as const)('%s', (_name, bits, kind, executable) => {
    expect(compare(judge(bits), { mode: 'sync', policy: 'manual' })).toMatchObject({
      action: { kind, executable },
    })
  })
})
