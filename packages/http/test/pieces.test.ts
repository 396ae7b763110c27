import { describe, expect, test } from 'vitest'
import { Pieces } from '../src/pieces.ts'

const KIB = 1024

describe('pieces', () => {
  test('are full where much comes, in two buffers in turn', () => {
    const pieces = new Pieces(true)
    const chunk = Buffer.alloc(200 * KIB, 1)
    const buffers = new Set<ArrayBufferLike>()
    for (let count = 0; count < 50; count++) {
      pieces.add(chunk, 0)
      if (!pieces.isReady) continue
      const piece = pieces.take()
      expect(piece).toHaveLength(512 * KIB)
      buffers.add(piece!.buffer)
      pieces.giveBack(piece!)
    }
    expect(buffers.size).toBe(2)
  })

  test('the other side is held up while one waits, and only then', () => {
    const pieces = new Pieces(true)
    pieces.add(Buffer.alloc(500 * KIB), 0)
    expect([pieces.isFull, pieces.hasRoom]).toEqual([false, true])
    pieces.add(Buffer.alloc(500 * KIB), 0)
    expect([pieces.isFull, pieces.hasRoom]).toEqual([true, false])
    pieces.take()
    expect([pieces.isReady, pieces.isFull, pieces.hasRoom]).toEqual([false, false, true])
    expect(pieces.take()).toHaveLength(488 * KIB)
    expect(pieces.take()).toBeUndefined()
  })
})
