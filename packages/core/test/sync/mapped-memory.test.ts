import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Disk } from '../../src/disk/disk.ts'
import { nodeDisk } from '../../src/index.ts'
import { clones } from './two-clones.ts'

const PART = 64 * 1024

test('parts that were written to after they were hashed do not go up, whatever the times say', async () => {
  let mapped = true
  /** The third part is another one when it is read for the second time, as of a file that somebody writes to by way of mapped memory. */
  const openDisk = (root: string): Disk => {
    const disk = nodeDisk(root)
    return {
      ...disk,
      async open(path) {
        const file = await disk.open(path)
        const readInto = file.readInto.bind(file)
        file.readInto = async (buffer, from) => {
          const length = await readInto(buffer, from)
          if (mapped && path === 'file' && from === 2 * PART) buffer.fill(0, 0, 1)
          return length
        }
        return file
      },
    }
  }
  using c = await clones(2, { partSize: PART, openDisk })
  const bytes = randomBytes(5 * PART)
  bytes[2 * PART] = 1
  writeFileSync(join(c.folders[0] ?? '', 'file'), bytes)
  expect((await c.sync(0)).problems).toMatchObject([{ path: 'file', code: 'changing' }])
  expect(c.store.objects.get('file')).toBeUndefined()

  mapped = false
  expect((await c.sync(0)).problems).toEqual([])
  await c.sync(1)
  expect(readFileSync(join(c.folders[1] ?? '', 'file'))).toEqual(bytes)
})
