import { expect, test } from 'vitest'
import { enterFolder } from '../src/arguments.ts'

test.each<readonly [string, readonly string[], readonly string[], readonly string[]]>([
  ['no folder', ['sync', 'a'], [], ['sync', 'a']],
  ['a folder', ['-C', 'd', 'sync', 'a'], ['d'], ['sync', 'a']],
  ['stuck to its flag', ['-Cd', 'sync'], ['d'], ['sync']],
  ['by its long name', ['--directory', 'd', 'sync'], ['d'], ['sync']],
  ['by its long name, in one', ['--directory=d', 'sync'], ['d'], ['sync']],
  ['one after the other, as with git', ['-C', 'd', '-C', 'e', 'sync'], ['d', 'e'], ['sync']],
  ['behind the command it is left to it', ['sync', '-C', 'd'], [], ['sync', '-C', 'd']],
  [
    'where a command follows of two words',
    ['-C', 'd', 'config', 'list'],
    ['d'],
    ['config', 'list'],
  ],
  ['--json before the command', ['--json', 'sync', '--', 'a'], [], ['sync', '--json', '--', 'a']],
  [
    'a folder that is not there',
    ['-C', 'missing', 'sync', '--', 'a'],
    [],
    ['sync', '-C', 'missing', '--', 'a'],
  ],
  ['a flag without its folder', ['-C'], [], ['-C']],
  ['nothing', [], [], []],
])('%s', (_, argv, entered, rest) => {
  const folders: string[] = []
  const enter = (folder: string): void => {
    if (folder === 'missing') throw new Error('ENOENT')
    folders.push(folder)
  }
  expect(enterFolder(argv, enter)).toEqual(rest)
  expect(folders).toEqual(entered)
})
