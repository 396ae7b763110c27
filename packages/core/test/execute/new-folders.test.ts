import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { nodeWorld } from '../../src/index.ts'
import { Arena } from '../../src/execute/arena.ts'
import { NewFolders } from '../../src/execute/new-folders.ts'
import type { Placement } from '../../src/execute/placement.ts'
import { temporaryDisk } from '../disk/temporary.ts'

test('memory of what was written goes back, that of what goes by itself does not', async () => {
  const { root, disk } = temporaryDisk()
  mkdirSync(join(root, '.lsync/staging'), { recursive: true })
  const down = new Arena()
  const placement = (path: string) => {
    const bytes = down.take(path.length)
    bytes.write(path)
    const content = { info: { modified: 1000 }, file: { executable: false, link: false }, bytes }
    return { action: { path, from: 'absent' }, content, done: () => undefined }
  }
  const [inFolder, atRoot] = [placement('d/one'), placement('one')]
  const { folders, others } = await new NewFolders({
    disk,
    world: nodeWorld(),
    arenas: { down },
  }).stage([inFolder, atRoot] as unknown as Placement[])
  const [folder] = folders
  expect(readFileSync(join(root, folder?.staged ?? '', 'one'), 'utf8')).toBe('d/one')
  expect(others).toEqual([atRoot])
  expect(() => {
    down.giveBack(inFolder.content.bytes)
  }).toThrow('given back twice')
  down.giveBack(atRoot.content.bytes)
})
