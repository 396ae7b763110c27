import { expect, test } from 'vitest'
import {
  count,
  formatBytes,
  formatDuration,
  formatTime,
  isoTime,
  parseAge,
  parseRate,
} from '../../src/render/format.ts'

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 KB'],
  [1536, '1.5 KB'],
  [150 * 1024, '150 KB'],
  [5 * 1024 ** 3, '5.0 GB'],
])('%d bytes', (bytes, shown) => {
  expect(formatBytes(bytes)).toBe(shown)
})

test.each([
  [0, '0s'],
  [59.4, '59s'],
  [65, '1m05s'],
  [3600, '1h00m'],
  [7384, '2h03m'],
])('%d seconds', (seconds, shown) => {
  expect(formatDuration(seconds)).toBe(shown)
})

test('a time that no date reaches is shown as the last one', () => {
  expect(isoTime(9e21)).toBe('+275760-09-13T00:00:00.000Z')
  expect(isoTime(-9e21)).toBe('-271821-04-20T00:00:00.000Z')
  expect(formatTime(9e21)).toMatch(/^275760-09-1\d /)
})

test('one file, two files', () => {
  expect([count(1, 'file'), count(2, 'file')]).toEqual(['1 file', '2 files'])
})

const M = 1024 * 1024
test.each([
  ['500', { up: 500, down: 500 }],
  ['10k', { up: 10 * 1024, down: 10 * 1024 }],
  ['1.5M', { up: 1.5 * M, down: 1.5 * M }],
  ['2MB/s', { up: 2 * M, down: 2 * M }],
  ['up:1M,down:5M', { up: M, down: 5 * M }],
  ['up:1M', { up: M }],
  ['0', undefined],
  ['fast', undefined],
  ['', undefined],
  ['10M,5M', undefined],
  ['sideways:1M', undefined],
])('the rate %s', (text, rates) => {
  expect(parseRate(text)).toEqual(rates)
})

test.each([
  ['7', 7 * 24],
  ['7d', 7 * 24],
  ['12h', 12],
  ['2W', 2 * 7 * 24],
  ['', undefined],
  ['7m', undefined],
  ['-1d', undefined],
])('an age: %s', (text, hours) => {
  expect(parseAge(text)).toBe(hours === undefined ? undefined : hours * 3_600_000)
})
