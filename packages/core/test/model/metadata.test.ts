import { expect, test } from 'vitest'
import { readMetadata, writeMetadata } from '../../src/model/metadata.ts'

const FILE = { executable: false, sha256: 'a'.repeat(64), author: 'ann', link: false }
const written = (mtime: number): string =>
  writeMetadata({ ...FILE, mtime }, undefined).user['mtime'] ?? ''

test.each([
  [0, '0.000000000'],
  [1_500, '1.500000000'],
  [1_795_528_726_092.389, '1795528726.092388916'],
  [-1_500, '-1.500000000'],
  [-86_400_001, '-86400.001000000'],
  [7_258_118_400_250, '7258118400.250000000'],
  [1_999.999_999_9, '2.000000000'],
])('a time of %d ms is %s s, in the form of rclone', (milliseconds, text) => {
  expect(written(milliseconds)).toBe(text)
  expect(readMetadata({ user: { mtime: text } }).mtime).toBeCloseTo(milliseconds, 3)
})

test.each(['', 'now', '1e9', '0x10', '1.', '1.1234567891', '1234567890123', 'NaN', '--1', ' 1'])(
  'no time is %j',
  (mtime) => {
    expect(readMetadata({ user: { mtime } }).mtime).toBeUndefined()
  },
)

test('what others set stays, but a link has no content type of a file', () => {
  const previous = {
    contentType: 'image/png',
    user: { type: 'file', executable: 'true', color: 'red' },
  }
  const file = writeMetadata({ ...FILE, mtime: 0, contentType: 'text/plain' }, previous)
  expect(file).toMatchObject({ contentType: 'image/png', user: { color: 'red' } })
  expect(file.user).toMatchObject({ type: 'file', executable: 'false' })
  const link = writeMetadata({ ...FILE, mtime: 0, link: true }, previous)
  expect(link.contentType).toBeUndefined()
  expect(link.user).toMatchObject({ type: 'link', color: 'red' })
  const again = writeMetadata({ ...FILE, mtime: 0, contentType: 'text/plain' }, link)
  expect(again.contentType).toBe('text/plain')
  expect(readMetadata(again)).toMatchObject({ link: false, executable: false })
})

// Some servers keep what a write does not name.
test('what holds no longer is said; what never was is not', () => {
  const former = writeMetadata({ ...FILE, mtime: 0, executable: true }, undefined)
  expect(writeMetadata({ ...FILE, mtime: 0 }, former).user).toMatchObject({ executable: 'false' })
  const fresh = writeMetadata({ ...FILE, mtime: 0 }, undefined).user
  expect(Object.keys(fresh)).toEqual(['mtime', 'sha256', 'author'])
})
