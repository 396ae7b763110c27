import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Arena } from '../../src/execute/arena.ts'
import { gathered } from '../../src/execute/gathered.ts'

const LEAST = 256 * 1024

/** Chunks that are good until the next one is asked for. */
async function* lending(lengths: readonly number[], failure?: Error): AsyncGenerator<Uint8Array> {
  let value = 0
  for (const length of lengths) {
    const chunk = new Uint8Array(length).fill(++value)
    yield chunk
    chunk.fill(0)
  }
  if (failure !== undefined) throw failure
}

const whole = (lengths: readonly number[]): Buffer =>
  Buffer.concat(lengths.map((length, index) => Buffer.alloc(length, index + 1)))

const memory = new Arena()
const free = async (): Promise<void> => undefined

test('the same bytes come, and in pieces that are worth a call but for the last', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(fc.nat(1000), fc.nat(3 * LEAST)), { maxLength: 20 }),
      fc.boolean(),
      async (lengths, fails) => {
        const pieces: Buffer[] = []
        let heard = 0
        const reading = async (): Promise<void> => {
          const failure = fails ? new Error('torn') : undefined
          const arrived = async (length: number): Promise<void> => {
            heard += length
          }
          for await (const piece of gathered(lending(lengths, failure), arrived, memory))
            pieces.push(Buffer.from(piece))
          expect(pieces.every(({ length }) => length > 0)).toBe(true)
        }
        if (fails) await expect(reading()).rejects.toThrow('torn')
        else await reading()
        const expected = whole(lengths)
        expect(heard).toBe(expected.length)
        expect(Buffer.concat(pieces).equals(expected)).toBe(true)
        const small = pieces.filter(({ length }) => length < LEAST).length
        const large = lengths.filter((length) => length >= LEAST).length
        // What waits goes before a chunk that does not fit behind it.
        expect(small).toBeLessThanOrEqual(1 + large)
      },
    ),
    { numRuns: 40 },
  )
})

test('who is held up too long and gives up has what came before, and closes the body', async () => {
  const pieces: Buffer[] = []
  let closed = false
  async function* body(): AsyncGenerator<Uint8Array> {
    try {
      yield* lending([10, 20, 30])
    } finally {
      closed = true
    }
  }
  const reading = async (): Promise<void> => {
    const arrived = async (length: number): Promise<void> => {
      if (length === 30) throw new Error('no more')
    }
    for await (const piece of gathered(body(), arrived, memory)) pieces.push(Buffer.from(piece))
  }
  await expect(reading()).rejects.toThrow('no more')
  expect(Buffer.concat(pieces).equals(whole([10, 20]))).toBe(true)
  expect(closed).toBe(true)
})

test('who stops reading closes the body', async () => {
  let closed = false
  async function* body(): AsyncGenerator<Uint8Array> {
    try {
      yield* lending([LEAST, LEAST])
    } finally {
      closed = true
    }
  }
  for await (const _ of gathered(body(), free, memory)) break
  expect(closed).toBe(true)
})
