import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compare } from '../../src/decide/compare.ts'
import { judge, type Judged } from '../../src/decide/evidence.ts'
import { moveQuestions, withMoves } from '../../src/decide/moves.ts'
import type { BaseEntry, LocalEntry, RemoteEntry } from '../../src/model/entry.ts'
import type { Action } from '../../src/model/plan.ts'
import { ABSENT } from '../../src/model/side.ts'

/** A path's content on each side, and in the base; the inode is that of the local file, or of the one that the base knew. */
interface Row {
  readonly path: string
  readonly base?: string
  readonly here?: string
  readonly there?: string
  readonly inode?: number
  /** Nothing is known of what it holds. */
  readonly unreadable?: boolean
}

const statOf = (content: string, inode: number, ctime: number): LocalEntry['stat'] => ({
  kind: 'file',
  size: content.length,
  mtime: 1,
  ctime,
  inode,
  device: 1,
  executable: false,
})

function judgedOf({ path, base, here, there, inode = 1 }: Row): Judged {
  const remoteOf = (content: string): RemoteEntry => ({
    key: path,
    size: content.length,
    modified: 0,
    version: `v ${content}`,
    fingerprint: `f ${content}`,
    digests: { sha256: content },
    metadata: { user: {} },
  })
  const entry: BaseEntry | undefined =
    base === undefined
      ? undefined
      : {
          type: 'file',
          size: base.length,
          sha256: base,
          executable: false,
          local: { mtime: 1, ctime: 1, inode },
          remote: { version: `v ${base}`, fingerprint: `f ${base}` },
        }
  return judge(
    {
      path,
      ...(entry === undefined ? {} : { base: entry }),
      local:
        here === undefined
          ? ABSENT
          : {
              state: 'present',
              entry: { type: 'file', stat: statOf(here, inode, here === base ? 1 : 2), seen: 9 },
            },
      remote: there === undefined ? ABSENT : { state: 'present', entry: remoteOf(there) },
    },
    {
      ...(here === undefined || here === base ? {} : { local: { sha256: here } }),
      ...(there === undefined || there === base ? {} : { remote: remoteOf(there) }),
    },
  )
}

/** All questions are answered by the truth. */
function planned(all: readonly Row[]): readonly Action[] {
  const rows = all.filter(({ unreadable }) => unreadable !== true)
  const judged = rows.map(judgedOf)
  const actions = judged.flatMap((row) => {
    const decision = compare(row, { mode: 'sync', policy: 'manual' })
    return decision.kind === 'action' ? [decision.action] : []
  })
  const { hash, compare: asked } = moveQuestions(judged, actions)
  const content = new Map(rows.map((row) => [row.path, row]))
  const { actions: moving } = withMoves(actions, judged, {
    unjudged: all.flatMap((row) => (row.unreadable === true ? [judgedOf(row).joined] : [])),
    hashes: new Map(hash.map(({ path }) => [path, content.get(path)?.here ?? ''])),
    proved: new Map(
      asked.flatMap(({ remote, candidates }) =>
        candidates.has(remote.digests.sha256 ?? '')
          ? [[remote.key, { sha256: remote.digests.sha256 ?? '', remote }]]
          : [],
      ),
    ),
  })
  return moving
}

/** What became of the rows, a line each. */
function told(actions: readonly Action[]): readonly string[] {
  return actions
    .map((action) => {
      if (action.kind === 'upload' && action.moved !== undefined)
        return `copy ${action.moved.key} to ${action.path}`
      if (action.kind === 'move-local') return `rename ${action.source} to ${action.path}`
      if (action.kind === 'remove-remote' && action.after !== undefined)
        return `remove-remote ${action.path} after ${action.after}`
      return `${action.kind} ${action.path}`
    })
    .toSorted()
}

describe('moves', () => {
  const cases: readonly (readonly [string, readonly Row[], readonly string[]])[] = [
    [
      'renamed here',
      [
        { path: 'a', base: 'x', there: 'x' },
        { path: 'b', here: 'x' },
      ],
      ['copy a to b', 'remove-remote a after b'],
    ],
    [
      'renamed there',
      [
        { path: 'a', base: 'x', here: 'x' },
        { path: 'b', there: 'x' },
      ],
      ['rename a to b'],
    ],
    [
      'renamed here, edited there',
      [
        { path: 'a', base: 'x', there: 'edited' },
        { path: 'b', here: 'x' },
      ],
      ['download a', 'upload b'],
    ],
    [
      'renamed there, edited here',
      [
        { path: 'a', base: 'x', here: 'edited' },
        { path: 'b', there: 'x' },
      ],
      ['download b', 'upload a'],
    ],
    [
      'renamed on both sides alike',
      [
        { path: 'a', base: 'x' },
        { path: 'b', here: 'x', there: 'x' },
      ],
      ['adopt b', 'forget a'],
    ],
    [
      'renamed here over another file',
      [
        { path: 'a', base: 'x', there: 'x' },
        { path: 'b', base: 'y', here: 'x', there: 'y' },
      ],
      ['copy a to b', 'remove-remote a after b'],
    ],
    [
      'renamed here onto a name that others took: its old object stays until that is settled',
      [
        { path: 'a', base: 'x', there: 'x' },
        { path: 'b', here: 'x', there: 'y' },
      ],
      [],
    ],
    [
      'renamed there onto a name that is taken here: nothing moves',
      [
        { path: 'a', base: 'x', here: 'x' },
        { path: 'b', here: 'y', there: 'x' },
      ],
      ['remove-local a'],
    ],
    [
      'one content, the same inode goes first',
      [
        { path: 'a', base: 'x', there: 'x', inode: 7 },
        { path: 'b', here: 'x', inode: 8 },
        { path: 'c', here: 'x', inode: 7 },
      ],
      ['copy a to c', 'remove-remote a after c', 'upload b'],
    ],
    [
      'one content, the same name goes before the first path',
      [
        { path: 'd/a', base: 'x', there: 'x', inode: 1 },
        { path: 'e/a', here: 'x', inode: 2 },
        { path: 'e/0', here: 'x', inode: 3 },
      ],
      ['copy d/a to e/a', 'remove-remote d/a after e/a', 'upload e/0'],
    ],
    [
      'more sources than places: each goes after the place that holds its content',
      [
        { path: 'a', base: 'x', there: 'x', inode: 1 },
        { path: 'b', base: 'x', there: 'x', inode: 2 },
        { path: 'c', here: 'x', inode: 3 },
      ],
      ['copy a to c', 'remove-remote a after c', 'remove-remote b after c'],
    ],
    [
      'perhaps renamed here over a file that cannot be read: its old object stays until that is known',
      [
        { path: 'a', base: 'x', there: 'x', inode: 7 },
        { path: 'b', base: 'y', here: '?', there: 'y', inode: 8, unreadable: true },
        { path: 'c', base: 'longer', there: 'longer', inode: 8 },
        { path: 'd', base: 'much longer', there: 'much longer', inode: 9 },
      ],
      ['remove-remote d'],
    ],
    [
      'empty files are all alike',
      [
        { path: 'a', base: '', there: '' },
        { path: 'b', here: '' },
      ],
      ['remove-remote a', 'upload b'],
    ],
  ]
  test.each(cases)('%s', (_name, rows, expected) => {
    expect(told(planned(rows))).toEqual(expected)
  })

  test('every run tells them alike, and no removal goes without its content being elsewhere', () => {
    const content = fc.constantFrom('x', 'y', 'zz')
    const row = fc.record(
      { base: content, here: content, there: content, inode: fc.integer({ min: 1, max: 4 }) },
      { requiredKeys: ['inode'] },
    )
    fc.assert(
      fc.property(fc.array(row, { maxLength: 8 }), fc.integer(), (states, seed) => {
        const rows = states.map((state, index) => ({ ...state, path: `p${index}` }))
        const shuffled = rows.toSorted(
          (a, b) => ((a.path.charCodeAt(1) * seed) % 7) - ((b.path.charCodeAt(1) * seed) % 7),
        )
        const actions = planned(rows)
        expect(told(planned(shuffled))).toEqual(told(actions))
        const stays = new Map(rows.map((one) => [one.path, one]))
        for (const action of actions)
          if (action.kind === 'remove-remote' && action.after !== undefined) {
            const { here, inode } = stays.get(action.after) ?? {}
            // The same content, or the same file with another one.
            const isEdited = action.move !== true && inode === action.base?.local?.inode
            if (!isEdited) expect(here).toBe(action.base?.sha256)
            expect(here).toBeDefined()
          }
      }),
    )
  })
})
