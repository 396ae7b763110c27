import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { nodeDisk, type UploadSession } from '../../src/index.ts'
import { clones } from './two-clones.ts'

const PART = 64 * 1024

/** Each part that is there stands in the token, as stores have it whose parts only the writer can name. */
function growing(session: UploadSession): UploadSession {
  const there: number[] = []
  return {
    ...session,
    get token() {
      return { ...session.token, there: there.join() }
    },
    async put(range, source, options) {
      await session.put(range, source, options)
      there.push(range.from / PART)
    },
  }
}

test('parts that end together are noted one after the other', async () => {
  let replacing = 0
  const notes: string[] = []
  using c = await clones(1, {
    partSize: PART,
    around: ({ uploads, ...provider }) => ({
      ...provider,
      uploads: {
        ...uploads!,
        begin: async (key, options) => growing(await uploads!.begin(key, options)),
      },
    }),
    openDisk(root) {
      const disk = nodeDisk(root)
      return {
        ...disk,
        async replaceText(path, text) {
          if (!path.startsWith('.lsync/transfers/')) return disk.replaceText(path, text)
          if (typeof text === 'string') notes.push(/"there":"([^"]*)"/.exec(text)?.[1] ?? '')
          expect(++replacing).toBe(1)
          await disk.replaceText(path, text)
          replacing--
        },
      }
    },
  })
  const [a = ''] = c.folders
  writeFileSync(join(a, 'large'), Buffer.alloc(12 * PART, 'x'))
  expect((await c.sync(0)).problems).toEqual([])
  expect(c.store.objects.get('large')?.bytes.length).toBe(12 * PART)
  expect(notes.at(-1)?.split(',')).toHaveLength(12)
})
