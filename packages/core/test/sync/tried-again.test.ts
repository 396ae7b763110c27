import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { clones } from './two-clones.ts'

test('what goes from the remote before it is fetched is tried again, and then there is nothing to do', async () => {
  using c = await clones(1, {
    around: (provider) => ({
      ...provider,
      async read(key, options) {
        const object = key === 'x' ? c.store.objects.get(key) : undefined
        if (object !== undefined)
          await provider.remove(key, { signal: options.signal, expect: object.version })
        return provider.read(key, options)
      },
    }),
  })
  await c.put('x', 'content')
  const { events, problems, totals } = await c.sync(0)
  expect(problems).toEqual([])
  expect(totals).toMatchObject({ failed: 0, downloaded: { files: 0 } })
  const told = events.filter(({ type }) => type === 'action' || type === 'again')
  expect(told).toMatchObject([
    { type: 'action', action: { kind: 'download', path: 'x' }, result: 'failed' },
    { type: 'again', path: 'x' },
  ])
  expect(existsSync(join(c.folders[0] ?? '', 'x'))).toBe(false)
})
