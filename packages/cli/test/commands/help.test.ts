import { readFileSync } from 'node:fs'
import { CONFIG_KEYS } from '@lsync/core'
import { expect, test } from 'vitest'
import { run } from '../run.ts'
import { temporary } from './repositories.ts'

/** In one line: where it is broken is a matter of the terminal. */
async function help(...argv: readonly string[]): Promise<string> {
  const { stdout, exit } = await run(temporary(), ...argv)
  expect(exit).toBe(0)
  return stdout.replaceAll(/\s+/g, ' ')
}

test('pull and push say of themselves which side wins', async () => {
  expect(await help('pull', '--help')).toContain(
    '--force at the named paths the remote wins, also over what is newer',
  )
  expect(await help('pull', '--help')).toContain('make this folder exactly like the remote')
  expect(await help('push', '--help')).toContain(
    '--force at the named paths this folder wins, also over what is newer',
  )
  expect(await help('push', '--help')).toContain('make the remote exactly like this folder')
  expect(await help('sync', '--help')).not.toContain('--mirror')
})

test('the names that a flag takes stand in the help', async () => {
  const words = await help('sync', '--help')
  expect(words).toContain('mass-delete, emptied, mass-change, unrelated, other-remote')
  expect(words).toContain('manual, keep-both, newest, local, remote')
})

test('-h asks for help, too', async () => {
  expect(await help('sync', '-h')).toBe(await help('sync', '--help'))
})

test('every setting stands in the help of config, and in the guide', async () => {
  const guide = readFileSync(new URL('../../../../docs/guide/settings.md', import.meta.url), 'utf8')
  const listed = [...guide.matchAll(/^\| `(\S+)` /gm)].map(([, key]) => key)
  // lsync keeps it, and tells nobody to set it.
  const keys = CONFIG_KEYS.filter((key) => key !== 'format')
  expect(listed).toEqual(expect.arrayContaining([...keys, 'merge-tool', 'diff-tool']))
  expect(listed).toHaveLength(keys.length + 2)
  const words = await help('config', 'set', '--help')
  for (const key of keys.filter((one) => one !== 'repository'))
    expect(words).toMatch(new RegExp(`[ ,]${key},`))
})
