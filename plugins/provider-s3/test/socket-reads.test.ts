import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { reusedReads } from '../src/socket-reads.ts'

const KIB = 1024

/** Fills what it is given, as the system does. */
function line() {
  const stream = new Readable({ read: () => undefined, highWaterMark: 64 * KIB })
  const reads = reusedReads(() => stream as unknown as Socket)
  const next = reads.buffer as () => Buffer
  let into = next()
  const buffers = new Set([into])
  let sent = 0
  return {
    stream,
    buffers,
    /** Bytes that say where they stand. */
    receive: (most: number): number => {
      const length = Math.min(most, into.length)
      for (let at = 0; at < length; at++) into[at] = (sent + at) % 251
      sent += length
      reads.callback(length, into)
      into = next()
      buffers.add(into)
      return length
    },
  }
}

function check(chunk: Uint8Array, from: number): void {
  expect(chunk.findIndex((byte, at) => byte !== (from + at) % 251)).toBe(-1)
}

test('what waits in the socket is not overwritten, in whatever turn it comes and is taken', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.record({ receive: fc.integer({ min: 1, max: 40 * KIB }) }),
          fc.record({ receive: fc.integer({ min: 33 * KIB, max: 60 * KIB }) }),
          fc.constant('take'),
          // As undici does where the reader has no room.
          fc.constant('take half'),
        ),
        { maxLength: 40 },
      ),
      (steps) => {
        const { stream, receive } = line()
        let taken = 0
        for (const step of [...steps, 'take']) {
          if (typeof step === 'object') {
            receive(step.receive)
            continue
          }
          const chunk = stream.read() as Buffer | null
          if (chunk === null) continue
          check(chunk, taken)
          const kept = step === 'take half' ? chunk.length >> 1 : chunk.length
          if (kept < chunk.length) stream.unshift(chunk.subarray(kept))
          taken += kept
        }
      },
    ),
    { numRuns: 200 },
  )
})

test('a large body comes in two buffers, in turn', () => {
  const { stream, receive, buffers } = line()
  for (let count = 0; count < 200; count++) {
    receive(64 * KIB)
    stream.read()
  }
  expect(buffers.size).toBe(2)
})

test('short reads are kept as they are, and their buffer is used again at once', () => {
  const { stream, receive, buffers } = line()
  const kept: Buffer[] = []
  for (let count = 0; count < 20; count++) {
    receive(1000)
    kept.push(stream.read() as Buffer)
  }
  kept.forEach((chunk, index) => check(chunk, index * 1000))
  expect(buffers.size).toBe(1)
})
