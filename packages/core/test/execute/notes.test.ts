import { expect, test } from 'vitest'
import { Notes } from '../../src/execute/notes.ts'
import { GrowingRanges } from '../../src/model/ranges.ts'
import type { Transfers } from '../../src/state/transfers.ts'
import { nodeDisk } from '../../src/index.ts'

test('whoever settles waits for the note that is under way', async () => {
  const log: string[] = []
  let flushed: () => void = () => undefined
  const disk = nodeDisk('/')
  disk.flush = () =>
    new Promise((resolve) => {
      log.push('flush')
      flushed = resolve
    })
  const transfers = {
    partOf: () => 'part',
    recordOf: () => 'record',
    confirm: async () => void log.push('note'),
  } as unknown as Transfers
  const written = new GrowingRanges([])
  written.grow(0, 10)
  const notes = new Notes(
    { disk, transfers, ranged: { from: 1, range: 100, noted: 100 } },
    { name: 'n', remote: 'r', begun: 0, key: 'k', version: 'v', size: 1000, whole: [] },
    { flush: async () => undefined },
    written,
  )
  await notes.wrote(10)
  const first = notes.settle()
  const second = notes.settle().then(() => log.push('second settled'))
  await new Promise(setImmediate)
  expect(log).toEqual(['flush'])
  flushed()
  await Promise.all([first, second])
  expect(log).toEqual(['flush', 'note', 'second settled'])
})
