import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { changeConfig, CONFIG, setInConfig, unsetInConfig } from '../../src/index.ts'
import { lockRepository } from '../../src/sync/repository.ts'
import { clones } from './two-clones.ts'

const { signal } = new AbortController()

test('of several changes at once, also while a run is at work, none undoes what another one did', async () => {
  using c = await clones(1)
  const { machine, repository } = await c.at(0)
  const change = (edit: (text: string) => string) => changeConfig(machine, repository, edit, signal)
  const set = (key: string, value: string) =>
    change((text) => setInConfig(text, CONFIG, key, value))
  await set('trash-days', '9')
  const release = await lockRepository(machine, repository, { signal })
  await Promise.all([
    set('author', 'me'),
    set('ignore', '*.log'),
    set('jobs', '4'),
    change((text) => unsetInConfig(text, CONFIG, 'trash-days')),
  ])
  await release()
  const [folder = ''] = c.folders
  const text = readFileSync(join(folder, CONFIG), 'utf8')
  for (const line of ['author: me', '*.log', 'jobs: 4']) expect(text).toContain(line)
  expect(text).not.toContain('trash-days')
  expect(readdirSync(join(folder, '.lsync')).filter((name) => name.startsWith('config'))).toEqual([
    'config.yaml',
  ])
})
