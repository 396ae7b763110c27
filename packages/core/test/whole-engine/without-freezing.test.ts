import { vi } from 'vitest'
import { failsWithout, TRIED } from './without.ts'

vi.mock('../../src/decide/join.ts', async (original) => {
  const real = await original<typeof import('../../src/decide/join.ts')>()
  return {
    ...real,
    join: (...[base, local, remote, options]: Parameters<typeof real.join>) =>
      real.join(thawing(base), local, remote, options),
  }
})

type Base = Parameters<typeof import('../../src/decide/join.ts').join>[0]

/** Rows as if nobody knew that their paths were left out. */
async function* thawing(base: Base): Base {
  for await (const page of base)
    yield page.map(({ path, entry: { frozen: _frozen, ...entry } }) => ({ path, entry }))
}

failsWithout('the mark of rows that are left out', { nesting: true }, 1, TRIED * 4)
