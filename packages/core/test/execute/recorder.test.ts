import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Recorder } from '../../src/execute/recorder.ts'
import { DiskError, memoryStore, nodeDisk, nodeWorld } from '../../src/index.ts'
import { DATABASE } from '../../src/state/layout.ts'
import { openState } from '../../src/state/open-state.ts'

test('a database that cannot be written on the way ends no recording', async () => {
  const root = mkdtempSync(join(tmpdir(), 'lsync-recorder-'))
  try {
    mkdirSync(join(root, '.lsync'))
    const disk = nodeDisk(root)
    const replaceText = disk.replaceText.bind(disk)
    let refused = 0
    disk.replaceText = async (path, text) => {
      if (path !== DATABASE) return replaceText(path, text)
      refused++
      throw new DiskError('no-space', path, 'no space is left')
    }
    const state = await openState(disk, nodeWorld(), 2)
    const recorder = new Recorder(disk, memoryStore().open(), state, nodeWorld())
    const record = async (from: number): Promise<void> => {
      for (let index = from; index < from + 4; index++)
        recorder.add({ path: `p${index}`, entry: undefined })
      await recorder.settle()
    }
    await record(0)
    await record(4)
    // Not with each batch anew.
    expect(refused).toBe(1)
    await expect(state.compact()).rejects.toThrow('no space is left')
    disk.replaceText = replaceText
    await state.compact('always')
    expect((await openState(disk, nodeWorld())).notices).toEqual([])
  } finally {
    rmSync(root, { recursive: true })
  }
})
