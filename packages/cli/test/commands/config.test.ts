import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
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

test("what the user's environment says holds where the repository says nothing", async () => {
  const box = await repository()
  symlinkSync('x', box.path('a', 'link'))
  const where = inside(box, 'a')
  const code = 'symbolic-link'
  expect((await json(where, 'status')).document).toMatchObject({ problems: [{ code }] })
  const storing = { ...where, environment: { ...where.environment, LSYNC_SYMLINKS: 'store' } }
  expect((await json(storing, 'status')).document).not.toMatchObject({ problems: [{ code }] })
  expect(await run(storing, 'sync')).toMatchObject({
    exit: 0,
    stdout: expect.stringContaining('upload link'),
  })
})
