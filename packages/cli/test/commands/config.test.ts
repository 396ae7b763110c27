import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { json, run } from '../run.ts'
import { inside, repository } from './repositories.ts'

test('config edits keep comments', async () => {
  const box = await repository()
  const where = inside(box, 'a')
  const file = box.path('a', '.lsync', 'config.yaml')
  writeFileSync(file, `${readFileSync(file, 'utf8')}# mine\n`)
  expect(await run(where, 'config', 'set', 'jobs', '4')).toMatchObject({ exit: 0 })
  expect(readFileSync(file, 'utf8')).toContain('# mine')
  expect(await run(where, 'config', 'get', 'jobs')).toMatchObject({ stdout: '4\n' })
  expect((await json(where, 'config', 'list')).document).toMatchObject({ settings: { jobs: '4' } })
  expect(await run(where, 'config', 'unset', 'jobs')).toMatchObject({ exit: 0 })
  expect((await run(where, 'config', 'list')).stdout).not.toContain('jobs')
})
