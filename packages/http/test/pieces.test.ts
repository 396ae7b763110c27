import type { Memory } from '@lsync/core/provider'
import { describe, expect, test } from 'vitest'
import { Pieces } from '../src/pieces.ts'

const KIB = 1024

/** Gives what was given back to the next one. */
function lending(): Memory & { readonly spare: Uint8Array[]; made: number } {
  const spare: Uint8Array[] = []
  return {
    spare,
    made: 0,
    take(size) {
      this.made += spare.length === 0 ? 1 : 0
      return spare.pop() ?? new Uint8Array(size)
    },
    giveBack(bytes) {
      spare.push(new Uint8Array(bytes.buffer as ArrayBuffer))
    },
  }
}

describe('pieces', () => {
  test('are full where much comes, in two buffers in turn', () => {
    const memory = lending()
    const pieces = new Pieces(memory)
    const chunk = Buffer.alloc(200 * KIB, 1)
    for (let count = 0; count < 50; count++) {
      pieces.add(chunk, 0)
      if (!pieces.isReady) continue
      const piece = pieces.take()
      expect(piece).toHaveLength(512 * KIB)
      pieces.giveBack(piece!)
    }
    expect(memory.made).toBe(2)
  })

  test('the other side is held up while one waits, and only then', () => {
    const pieces = new Pieces(lending())
    pieces.add(Buffer.alloc(500 * KIB), 0)
    expect([pieces.isFull, pieces.hasRoom]).toEqual([false, true])
    pieces.add(Buffer.alloc(500 * KIB), 0)
    expect([pieces.isFull, pieces.hasRoom]).toEqual([true, false])
    pieces.take()
    expect([pieces.isReady, pieces.isFull, pieces.hasRoom]).toEqual([false, false, true])
    expect(pieces.take()).toHaveLength(488 * KIB)
    expect(pieces.take()).toBeUndefined()
  })

  test('what nobody wants any more is given back, but for what somebody still reads', () => {
    const memory = lending()
    const pieces = new Pieces(memory)
    pieces.add(Buffer.alloc(1300 * KIB), 0)
    expect(pieces.take()).toHaveLength(512 * KIB)
    pieces.drop()
    expect(memory.made).toBe(3)
    expect(memory.spare).toHaveLength(2)
    pieces.drop()
    expect(memory.spare).toHaveLength(2)
  })
})
