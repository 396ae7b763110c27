import { expect, test } from 'vitest'
import { expired, isOlder } from '../../src/decide/retention.ts'

const now = Date.parse('2026-02-01T00:00:00Z')
const item = (run: string, size = 10) => ({ run, size })
const OLD = '2025-12-31T10.00.00Z-aaaaaaaa'
const YOUNG = '2026-01-20T10.00.00Z-bbbbbbbb'
const OURS = '2026-01-31T23.59.59Z-cccccccc'

test.each([
  ['too old', [item(OLD), item(YOUNG)], { days: 30 }, [OLD]],
  ['nothing is too old', [item(OLD), item(YOUNG)], { days: 300 }, []],
  [
    'too much: the oldest go, and no more than must',
    [item(OLD), item(YOUNG), item(OURS)],
    { days: 300, bytes: 20 },
    [OLD],
  ],
  ['too much, still', [item(OLD), item(YOUNG), item(OURS)], { days: 300, bytes: 19 }, [OLD, YOUNG]],
  [
    'what this run put there stays, however large',
    [item(YOUNG), item(OURS, 1e9), item(`${OURS}~2`, 1e9)],
    { days: 300, bytes: 1 },
    [YOUNG],
  ],
  ['what this run put there stays, also where the clock jumped', [item(OURS)], { days: 0 }, []],
  [
    'age and amount together',
    [item(OLD), item(YOUNG), item(YOUNG)],
    { days: 30, bytes: 15 },
    [OLD, YOUNG],
  ],
  [
    'a run whose clock began with its epoch is of no known age',
    [item('1970-01-01T00.03.10.120Z-dddddddd'), item('2000-01-01T00.00.05.000Z-eeeeeeee')],
    { days: 30 },
    [],
  ],
  ['a folder of another name is of no known age', [item('2026'), item('notes')], { days: 1 }, []],
] as const)('%s', (_, items, retention, gone) => {
  expect(expired(items, retention, now, OURS).map(({ run }) => run)).toEqual(gone)
})

test('the age of a run is in its name', () => {
  expect(isOlder(OLD, Date.parse('2025-12-31T10:00:00.001Z'))).toBe(true)
  expect(isOlder(OLD, Date.parse('2025-12-31T10:00:00Z'))).toBe(false)
  const precise = '2025-12-31T10.00.00.120Z-aaaaaaaa'
  expect(isOlder(precise, Date.parse('2025-12-31T10:00:00.121Z'))).toBe(true)
  expect(isOlder(precise, Date.parse('2025-12-31T10:00:00.120Z'))).toBe(false)
  expect(isOlder('x', Number.POSITIVE_INFINITY)).toBe(false)
})
