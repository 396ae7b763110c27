import { expect, test } from 'vitest'
import { problemOf } from '../../src/execute/consequence.ts'
import { DiskError } from '../../src/index.ts'

test('closing that fails after a failure takes nothing from it', () => {
  const full = new DiskError('no-space', 'x', 'no space is left')
  const closing = new DiskError('io', 'x', 'cannot be closed')
  const problem = { path: 'x', code: 'no-space', detail: 'no space is left' }
  expect(problemOf('x', new SuppressedError(closing, full))).toEqual(problem)
  expect(problemOf('x', new SuppressedError(closing, new SuppressedError(closing, full)))).toEqual(
    problem,
  )
  // As it looks where Node.js knows no such class.
  const plain = Object.assign(new Error(), { name: 'SuppressedError', suppressed: full })
  expect(problemOf('x', plain)).toEqual(problem)
  expect(problemOf('x', new SuppressedError(closing, new TypeError('a bug')))).toBeUndefined()
})
