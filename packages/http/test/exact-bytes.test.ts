import { expect, test } from 'vitest'
import { exactBytes, otherSize } from '../src/exact-bytes.ts'

const { signal } = new AbortController()

/** Gives what came out, and the code of the error that ended it. */
async function sent(announced: number, ...chunks: readonly string[]): Promise<readonly unknown[]> {
  const source = {
    size: announced,
    digests: {},
    async *open() {
      for (const chunk of chunks) yield Buffer.from(chunk)
    },
  }
  let text = ''
  try {
    for await (const chunk of exactBytes('k', source, signal)) text += String(chunk)
    return [text]
  } catch (error) {
    expect(error).toEqual(otherSize('k', source))
    return [text, (error as { code?: unknown }).code]
  }
}

test('as many bytes as were announced go out', async () => {
  expect(await sent(6, 'abc', 'def')).toEqual(['abcdef'])
  expect(await sent(0)).toEqual([''])
})

test('more or fewer are an error, and none is sent beyond what was announced', async () => {
  expect(await sent(7, 'abc', 'def')).toEqual(['abcdef', 'bad-digest'])
  expect(await sent(5, 'abc', 'def')).toEqual(['abc', 'bad-digest'])
  expect(await sent(3, 'abc', 'def')).toEqual(['abc', 'bad-digest'])
})
