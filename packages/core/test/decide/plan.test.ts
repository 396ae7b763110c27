import { describe, expect, test } from 'vitest'
import { conflictName, restoredName } from '../../src/decide/conflict-name.ts'
import { judgeGuards } from '../../src/decide/guards.ts'
import { separateFileFolderConflicts, withoutFilledMarks } from '../../src/decide/places.ts'
import { lastCopies, schedule, withoutMovesIntoOwnRoom } from '../../src/decide/plan.ts'
import type { LocalEntry, RemoteEntry } from '../../src/model/entry.ts'
import type { Action, GuardName, Plan } from '../../src/model/plan.ts'

const from: LocalEntry = {
  type: 'file',
  stat: { kind: 'file', size: 1, mtime: 1, ctime: 1, inode: 1, device: 1, executable: false },
  seen: 1,
}
const remoteOf = (key: string): RemoteEntry => ({
  key,
  size: 1,
  modified: 0,
  version: 'v',
  fingerprint: 'f',
  digests: {},
})
const up = (path: string): Action => ({
  kind: 'upload',
  path,
  reason: 'new',
  from,
  expect: { kind: 'absent' },
  executable: false,
  keepRemote: false,
})
const down = (path: string): Action => ({
  kind: 'download',
  path,
  reason: 'new',
  from: 'absent',
  remote: remoteOf(path),
})
const removeLocal = (path: string): Action => ({ kind: 'remove-local', path, from })
const removeRemote = (path: string): Action => ({
  kind: 'remove-remote',
  path,
  remote: remoteOf(path),
})
const paths = (actions: readonly Action[]): string[] => actions.map(({ path }) => path)

describe('order of effects', () => {
  test('transfers come before removals, and removals go deepest first', () => {
    const groups = schedule([
      removeLocal('d'),
      removeRemote('e/x'),
      up('a'),
      removeLocal('d/x'),
      down('b'),
    ])
    expect(paths(groups.transfers)).toEqual(['a', 'b'])
    expect(paths(groups.removals)).toEqual(['e/x', 'd/x', 'd'])
    expect(groups.clearing).toEqual([])
  })
  test.each([
    ['a local file makes room for a folder', removeLocal('a'), down('a/b')],
    ['a local folder makes room for a file', removeLocal('a/b'), down('a')],
    ['an empty local folder makes room for a file', removeLocal('a/'), down('a')],
    ['a remote key makes room for keys below it', removeRemote('a'), up('a/b')],
    ['remote keys make room for the key above them', removeRemote('a/b'), up('a')],
  ])('%s', (_name, removal, transfer) => {
    expect(schedule([removal, transfer]).clearing).toEqual([removal])
  })
  test.each([
    ['on the other side', removeLocal('a'), up('a/b')],
    ['of another name', removeLocal('a'), down('ab/c')],
    ['of an empty folder that fills', removeLocal('a/'), down('a/b')],
  ])('a removal %s waits', (_name, removal, transfer) => {
    expect(schedule([removal, transfer]).removals).toEqual([removal])
  })
})

describe('a file that moves to where its old name makes room', () => {
  const moved = (path: string, source: string) =>
    ({ ...up(path), moved: remoteOf(source) }) as Action
  const follows = (path: string, after: string): Action => ({
    kind: 'remove-remote',
    path,
    remote: remoteOf(path),
    after,
    move: true,
  })
  test('is no move, for anybody who is told: it goes, then it is sent', () => {
    const actions = [moved('d', 'd/x'), follows('d/x', 'd'), follows('d/y', 'e/y'), up('e/y')]
    const settled = withoutMovesIntoOwnRoom(actions)
    expect(settled).toEqual([up('d'), removeRemote('d/x'), follows('d/y', 'e/y'), up('e/y')])
    const groups = schedule(settled)
    expect(paths(groups.ahead)).toEqual(['e/y'])
    expect(paths(groups.clearing)).toEqual(['d/y', 'd/x'])
    expect(paths(groups.transfers)).toEqual(['d'])
  })
  test('waits for nothing that is there already', () => {
    const settled = withoutMovesIntoOwnRoom([up('d'), follows('d/x', 'adopted')])
    expect(settled).toEqual([up('d'), removeRemote('d/x')])
  })
  test('elsewhere is a move as it was', () => {
    const actions = [moved('e', 'd/x'), follows('d/x', 'e')]
    expect(withoutMovesIntoOwnRoom(actions)).toEqual(actions)
  })
})

describe('a file here, a folder there', () => {
  test('both new: a conflict, and nothing at or below is touched', () => {
    const separated = separateFileFolderConflicts([
      up('a'),
      down('a/b'),
      removeRemote('a/c'),
      up('x'),
    ])
    expect(separated.conflicts).toMatchObject([
      { path: 'a', kind: 'file-folder', remote: 'absent' },
    ])
    expect(paths(separated.actions)).toEqual(['x'])
  })
  test('the other way round', () => {
    const separated = separateFileFolderConflicts([down('a'), up('a/b')])
    expect(separated.conflicts).toMatchObject([{ path: 'a', local: 'absent' }])
    expect(separated.actions).toEqual([])
  })
  test('an empty folder there makes room for the file, before it comes', () => {
    const separated = separateFileFolderConflicts([up('a'), down('a/')])
    expect(separated.conflicts).toEqual([])
    expect(separated.actions).toEqual([up('a'), removeRemote('a/')])
    expect(schedule(separated.actions).clearing).toEqual([removeRemote('a/')])
    // As in a push, which leaves the folder to a pull.
    expect(separateFileFolderConflicts([up('a')], [down('a/')]).actions).toEqual([
      up('a'),
      removeRemote('a/'),
    ])
  })
  test('an empty folder there stays where the file does not come', () => {
    // As in a pull, which leaves the file to a push.
    expect(separateFileFolderConflicts([down('a/')], [up('a')]).actions).toEqual([])
    expect(separateFileFolderConflicts([up('a'), down('a/'), down('a/b')]).actions).toEqual([])
  })
  test('names that only begin alike are no conflict', () => {
    expect(separateFileFolderConflicts([up('a'), down('ab/c')]).conflicts).toEqual([])
  })
})

describe('the mark of an empty folder there', () => {
  test('goes where something here fills the folder', () => {
    const settled = withoutFilledMarks([down('a/'), up('a/b/c'), down('d/')], [])
    // Only once the folder is filled there: what is sent may be refused.
    expect(settled).toEqual([
      { ...removeRemote('a/'), after: 'a/b/c', filled: true },
      up('a/b/c'),
      down('d/'),
    ])
    expect(paths(schedule(settled).removals)).toEqual(['a/'])
  })
  test('waits where that waits', () => {
    expect(withoutFilledMarks([down('a/'), down('d/')], [up('a/b/')])).toEqual([down('d/')])
  })
  test('comes where the folder is empty on both sides, or filled there', () => {
    const actions = [down('a/'), down('a/b/'), up('ab/c')]
    expect(withoutFilledMarks(actions, [])).toEqual(actions)
  })
})

describe('the last copy', () => {
  const gone = [{ path: 'z', sha256: 'c' }]
  test('is kept where the other copy is on its way out too', () => {
    expect([...lastCopies(gone, [{ path: 'y', sha256: 'c' }], new Set())]).toEqual(['z'])
  })
  test('may go where another path holds the content', () => {
    expect(lastCopies(gone, [{ path: 'y', sha256: 'c' }], new Set(['c'])).size).toBe(0)
  })
  test('may go where nobody else lost it', () => {
    expect(lastCopies(gone, [{ path: 'y', sha256: 'other' }], new Set()).size).toBe(0)
  })
})

describe('guards', () => {
  const plan = (actions: readonly Action[], counts: Partial<Plan['counts']>): Plan => ({
    actions,
    conflicts: [],
    problems: [],
    unbrought: { up: new Set(), down: new Set() },
    counts: { base: 0, local: 0, remote: 0, unknown: 0, ...counts },
  })
  const judge = (
    of: Plan,
    facts: Partial<Parameters<typeof judgeGuards>[0]> = {},
  ): readonly GuardName[] =>
    judgeGuards({
      plan: of,
      changed: { local: 0, remote: 0 },
      same: 0,
      whole: true,
      first: false,
      anything: { local: true, remote: true },
      maxDelete: { percent: 50 },
      allow: [],
      ...facts,
    }).map(({ guard }) => guard)
  const removals = (count: number): Action[] =>
    Array.from({ length: count }, (_, index) => removeRemote(`f${index}`))

  test('mass-delete: more than half of ten or more', () => {
    expect(judge(plan(removals(6), { base: 10, remote: 10 }))).toEqual(['mass-delete'])
    expect(judge(plan(removals(5), { base: 10, remote: 10 }))).toEqual([])
    expect(judge(plan(removals(8), { base: 9, remote: 9 }))).toEqual([])
  })
  test('mass-delete: a number or another share', () => {
    expect(judge(plan(removals(3), { base: 10, remote: 10 }), { maxDelete: { count: 2 } })).toEqual(
      ['mass-delete'],
    )
    expect(
      judge(plan(removals(9), { base: 10, remote: 10 }), { maxDelete: { percent: 90 } }),
    ).toEqual([])
  })
  test('emptied: a side that holds nothing any more', () => {
    const one = plan([removeRemote('a')], { base: 1, remote: 1 })
    expect(judge(one, { anything: { local: false, remote: true } })).toEqual(['emptied'])
    expect(judge(one, { anything: { local: false, remote: true }, allow: ['emptied'] })).toEqual([])
    expect(judge(one, { anything: { local: false, remote: true }, whole: false })).toEqual([])
  })
  test('mass-change: every file, from ten up', () => {
    const all = plan([], { base: 10 })
    expect(judge(all, { changed: { local: 10, remote: 0 } })).toEqual(['mass-change'])
    expect(judge(all, { changed: { local: 9, remote: 0 } })).toEqual([])
  })
  test('unrelated: the first run over two sides that have little in common', () => {
    const strangers = plan([], { local: 4, remote: 10 })
    expect(judge(strangers, { first: true, same: 1 })).toEqual(['unrelated'])
    expect(judge(strangers, { first: true, same: 2 })).toEqual([])
    expect(judge(strangers, { first: false, same: 0 })).toEqual([])
    expect(judge(plan([], { local: 0, remote: 10 }), { first: true })).toEqual([])
  })
})

describe("a conflict copy's name", () => {
  const time = Date.UTC(2026, 0, 31, 14, 5, 9)
  test('keeps the extension and says whose it is', () => {
    expect(conflictName('d/notes.txt', 'ann@mac', time)).toBe(
      'd/notes (conflict, ann@mac, 2026-01-31 14.05.09).txt',
    )
    expect(conflictName('.env', 'ann', time)).toBe('.env (conflict, ann, 2026-01-31 14.05.09)')
    expect(conflictName('a', 'ann', time, 2)).toBe('a (conflict, ann, 2026-01-31 14.05.09 2)')
  })
  test('an author from a hostile bucket is only text', () => {
    expect(conflictName('a', '../../x\u001B[31m', time)).toBe(
      'a (conflict, .._.._x__31m, 2026-01-31 14.05.09)',
    )
    expect(conflictName('a', '\n', time)).toBe('a (conflict, _, 2026-01-31 14.05.09)')
  })
  test('fits into a name of 255 bytes, without cutting characters', () => {
    const long = conflictName(`${'ä'.repeat(120)}.txt`, 'x'.repeat(200), time)
    expect(Buffer.byteLength(long)).toBeLessThanOrEqual(255)
    expect(long.isWellFormed()).toBe(true)
    expect(long.endsWith('.txt')).toBe(true)
  })
  test('the copy of a copy still fits, and so does one whose extension is all of its name', () => {
    let name = `${'n'.repeat(200)}.txt`
    const names = new Set([name])
    for (let day = 0; day < 5; day++) {
      name = conflictName(name, 'ann@mac', time + day * 86_400_000)
      names.add(name)
      expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255)
    }
    expect(names.size).toBe(6)
    const odd = conflictName(`a.${'x'.repeat(250)}`, 'ann', time)
    expect(Buffer.byteLength(odd)).toBeLessThanOrEqual(255)
    expect(odd).toContain('(conflict, ann, ')
  })
  test('what comes back beside something is told apart by number', () => {
    expect(restoredName('d/n.txt', 1)).toBe('d/n (restored).txt')
    expect(restoredName('d/n.txt', 2)).toBe('d/n (restored 2).txt')
  })
})
