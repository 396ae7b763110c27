import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { textSource } from '../../src/sync/small-object.ts'
import { clones } from './two-clones.ts'

test('nothing is sent below a file that others change before it can go', async () => {
  let edits = 0
  using c = await clones(1, {
    around: (provider) => ({
      ...provider,
      async remove(key, options) {
        if (key === 'a' && edits++ === 0)
          await provider.write(key, textSource('by others'), {
            signal: options.signal,
            expect: { kind: 'version', version: options.expect },
            metadata: { user: {} },
          })
        return provider.remove(key, options)
      },
    }),
  })
  const [folder = ''] = c.folders
  writeFileSync(join(folder, 'a'), 'a file')
  writeFileSync(join(folder, 'other'), 'other')
  await c.sync(0)
  rmSync(join(folder, 'a'))
  mkdirSync(join(folder, 'a'))
  writeFileSync(join(folder, 'a/b'), 'in a folder')
  for (let round = 0; round < 2; round++) {
    const { conflicts, problems } = await c.sync(0)
    expect(problems).toEqual([])
    expect(conflicts).toMatchObject([{ path: 'a', kind: 'file-folder' }])
    expect([...c.store.objects.keys()].toSorted()).toEqual(['.lsync/repository.yaml', 'a', 'other'])
  }
  expect(readdirSync(join(folder, 'a'))).toEqual(['b'])
})
