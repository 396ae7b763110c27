import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Arena } from '../../src/execute/arena.ts'

const KIB = 1024
const MIB = 1024 * KIB

test('no piece shares memory with another while both are taken', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(300 * KIB), fc.nat(8)), { minLength: 1, maxLength: 200 }),
      (steps) => {
        const arena = new Arena()
        const taken: { readonly bytes: Uint8Array; readonly mark: number }[] = []
        for (const [index, [size, keep]] of steps.entries()) {
          const bytes = arena.take(size)
          expect(bytes.length).toBe(size)
          bytes.fill(index & 0xff)
          taken.push({ bytes, mark: index & 0xff })
          while (taken.length > keep) {
            const { bytes: oldest, mark } = taken.splice(index % taken.length, 1)[0]!
            expect(oldest.every((byte) => byte === mark)).toBe(true)
            arena.giveBack(oldest)
          }
        }
      },
    ),
    { numRuns: 30 },
  )
})

test('memory is used again once all that lay in a chunk was given back', () => {
  const arena = new Arena()
  const seen = new Set<ArrayBufferLike>()
  for (let count = 0; count < 1000; count++) {
    const pieces = Array.from({ length: 20 }, () => arena.take(100 * KIB))
    for (const piece of pieces) seen.add(piece.buffer)
    for (const piece of pieces) arena.giveBack(piece)
  }
  expect(seen.size).toBeLessThanOrEqual(3)
})

test('what is never given back keeps its chunk, and no other', () => {
  const arena = new Arena()
  const lost = arena.take(10)
  lost.fill(1)
  const seen = new Set<ArrayBufferLike>()
  for (let count = 0; count < 1000; count++) {
    const piece = arena.take(100 * KIB)
    piece.fill(2)
    seen.add(piece.buffer)
    arena.giveBack(piece)
  }
  expect(lost.every((byte) => byte === 1)).toBe(true)
  expect(seen.size).toBe(2)
})

test('small things that wait do not keep memory for what passes meanwhile', () => {
  const arena = new Arena()
  const seen = new Map<ArrayBufferLike, number>()
  const note = ({ buffer }: Uint8Array): void => {
    seen.set(buffer, buffer.byteLength)
  }
  for (let count = 0; count < 1000; count++) {
    note(arena.take(KIB))
    const passing = [arena.take(512 * KIB), arena.take(300 * KIB)]
    passing.forEach(note)
    for (const piece of passing) arena.giveBack(piece)
  }
  const bytes = [...seen.values()].reduce((sum, length) => sum + length, 0)
  expect(bytes).toBeLessThan(4 * MIB)
})

test('what is larger than any piece has memory of its own, and memory of others is left alone', () => {
  const arena = new Arena()
  const large = arena.take(3 * MIB)
  expect(large.length).toBe(3 * MIB)
  arena.giveBack(large)
  arena.giveBack(new Uint8Array(5))
  arena.giveBack(arena.take(0))
  arena.giveBack(arena.take(0))
  for (const wrong of [-5, 0.5, Number.NaN]) expect(() => arena.take(wrong)).toThrow(RangeError)
})

test('to give back twice frees nothing of others', () => {
  const arena = new Arena()
  const piece = arena.take(100)
  const other = arena.take(100).fill(1)
  arena.giveBack(piece)
  expect(() => arena.giveBack(piece)).toThrow('twice')
  for (let count = 0; count < 20_000; count++) arena.take(100).fill(2)
  expect(other.every((byte) => byte === 1)).toBe(true)
})
