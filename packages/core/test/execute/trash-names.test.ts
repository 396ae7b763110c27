import { expect, test } from 'vitest'
import { nodeWorld } from '../../src/disk/node-world.ts'
import { Trash } from '../../src/execute/trash.ts'
import { listTrash } from '../../src/sync/trash.ts'
import { temporaryDisk } from '../disk/temporary.ts'

test('runs of one second sort by age, too', () => {
  const { disk } = temporaryDisk()
  const at = (now: number, token: string) =>
    new Trash(disk, { ...nodeWorld(), now: () => now, token: () => token }).run
  const earlier = at(1_700_000_000_010, 'ffffffffffff')
  expect([at(1_700_000_000_900, '000000000000'), earlier].toSorted()[0]).toBe(earlier)
})

test('no place in the trash is given out twice, whatever goes there', async () => {
  const { disk } = temporaryDisk()
  const trash = new Trash(disk, nodeWorld())
  const put = async (...paths: readonly string[]): Promise<void> => {
    // A batch has its places before anything goes there.
    const places: string[] = []
    for (const path of paths) places.push(await trash.placeFor(path))
    for (const [index, place] of places.entries()) {
      await disk.createText(place, `${paths[index]}`)
    }
  }
  await put('a')
  await put('a/b')
  await put('a/b', 'c')
  await put('a', 'a~2', 'c', 'c~2')
  await put('a~2/b')
  const found: string[] = []
  for await (const { path } of listTrash(disk)) found.push(path)
  expect(found.toSorted()).toEqual(['a', 'a', 'a/b', 'a/b', 'a~2', 'a~2/b', 'c', 'c', 'c~2'])
})
