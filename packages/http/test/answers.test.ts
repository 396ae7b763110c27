import { expect, test } from 'vitest'
import { refusalText } from '../src/answers.ts'
import type { AnswerBody } from '../src/exchange.ts'

const MIB = 1024 * 1024

function bodyOf(chunks: () => AsyncGenerator<Uint8Array, void, void>): AnswerBody {
  return { [Symbol.asyncIterator]: chunks, destroy() {} }
}

const { signal } = new AbortController()

test('a refusal is read as text', async () => {
  const body = bodyOf(async function* () {
    yield Buffer.from('no,')
    yield Buffer.from(' ü')
  })
  expect(await refusalText(body, signal)).toBe('no, ü')
})

test('one without end is not read on', async () => {
  let given = 0
  const body = bodyOf(async function* () {
    for (;;) {
      given += 64 * 1024
      yield Buffer.alloc(64 * 1024, 'x')
    }
  })
  expect((await refusalText(body, signal)).length).toBe(given)
  expect(given).toBe(MIB + 64 * 1024)
})

test('one that does not arrive says nothing; one that was given up says why', async () => {
  const body = bodyOf(async function* () {
    yield Buffer.from('half')
    throw new Error('the connection was closed')
  })
  expect(await refusalText(body, signal)).toBe('')
  const reason = new Error('enough')
  await expect(refusalText(body, AbortSignal.abort(reason))).rejects.toBe(reason)
})
