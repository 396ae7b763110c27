import { expect, test } from 'vitest'
import { nodeWorld } from '../../src/disk/node-world.ts'
import { Trash } from '../../src/execute/trash.ts'
import { temporaryDisk } from '../disk/temporary.ts'

test('runs of one second sort by age, too', () => {
  const { disk } = temporaryDisk()
  const at = (now: number, token: string) =>
    new Trash(disk, { ...nodeWorld(), now: () => now, token: () => token }).run
  const earlier = at(1_700_000_000_010, 'ffffffffffff')
  expect([at(1_700_000_000_900, '000000000000'), earlier].toSorted()[0]).toBe(earlier)
})
