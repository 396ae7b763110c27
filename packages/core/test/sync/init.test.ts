import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import {
  CONFIG,
  initRepository,
  memoryModule,
  memoryStore,
  nodeMachine,
  openRepository,
  type ProviderModule,
} from '../../src/index.ts'
import { REMOTE_REPORT } from '../../src/state/layout.ts'
import { quiet } from './places.ts'

test.each([
  ['of different remotes', ['memory://one', 'memory://two', 'memory://three']],
  ['of one remote', ['memory://one', 'memory://one', 'memory://one']],
])('of several who init a folder at once, %s, exactly one does', async (_, remotes) => {
  const folder = mkdtempSync(join(tmpdir(), 'lsync-init-'))
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  const memory = memoryModule({ one: memoryStore(), two: memoryStore(), three: memoryStore() })
  const module: ProviderModule = {
    ...memory,
    async open(remote, options) {
      const provider = await memory.open(remote, options)
      const { guarantees, listsFolders } = provider
      return { ...provider, probe: async () => ({ guarantees, listsFolders, findings: [] }) }
    },
  }
  const machine = nodeMachine({
    environment: {},
    author: 'author',
    providers: { schemes: ['memory'], get: async () => module },
  })
  const outcomes = await Promise.allSettled(
    remotes.map((remote) => initRepository(machine, { folder, remote, settings: {}, ...quiet })),
  )
  const won = outcomes.filter((outcome) => outcome.status === 'fulfilled')
  expect(won).toHaveLength(1)
  for (const outcome of outcomes)
    if (outcome.status === 'rejected')
      expect(outcome.reason).toMatchObject({ code: 'already-a-repository' })
  const { config } = await openRepository(machine, folder)
  const { remote, id } = won[0]!.value
  expect(config).toMatchObject({ remote, repository: id })
  expect(readFileSync(join(folder, REMOTE_REPORT), 'utf8')).toContain(`remote: ${remote}\n`)
  expect(readdirSync(join(folder, '.lsync')).toSorted()).toEqual(
    [CONFIG, REMOTE_REPORT, '.lsync/staging'].map((path) => path.slice('.lsync/'.length)),
  )
})
