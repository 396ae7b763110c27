import { execFileSync } from 'node:child_process'
import { describe as group, expect, test } from 'vitest'
import { LsyncError } from '@lsync/core'
import { describe } from '../../src/messages/describe.ts'
import { escapeName } from '../../src/render/escape.ts'
import { cloneCommand } from '../../src/render/nested.ts'
import { shellWord } from '../../src/render/shell-word.ts'

const NAMES = [
  'plain/path-1.txt',
  'with spaces',
  "it's",
  '$HOME `id` "x" \\',
  '~',
  '-n',
  '*.txt',
  'a;b&c|d(e)<f>',
  'Grüße/日本',
  'line\nbreak',
  "tab\tand ' and \\n",
  'turned \u202e round',
  'far \u{e0061}',
  '',
]

group('a word of a command', () => {
  test.each(NAMES)('%j is what a shell makes of it', (name) => {
    const word = shellWord(name)
    const environment = { ...process.env, LC_ALL: 'C.UTF-8' }
    const seen = execFileSync('bash', ['-c', `printf %s ${word}`], { env: environment })
    expect(seen.toString()).toBe(name)
    // Nothing that a terminal would take for anything but text.
    expect(escapeName(word).replaceAll('\\\\', '\\')).toBe(word)
  })
  test('has quotes only where it needs them', () => {
    expect(['s3://b/p', 'Grüße/日本', 'a b'].map(shellWord)).toEqual([
      's3://b/p',
      'Grüße/日本',
      "'a b'",
    ])
  })
})

group('a command that is hinted at can be pasted', () => {
  test.each([
    ['already-a-repository', { folder: '/my files' }, "lsync -C '/my files' sync."],
    ['unknown-remote', { folder: '/my files' }, "lsync clone REMOTE '/my files'"],
    ['ambiguous-remote', { remote: 'my files' }, "'file:./my files' for a folder"],
  ] as const)('%s', (code, facts, words) => {
    expect(describe(new LsyncError(code, 'internal', facts)).hint).toContain(words)
  })
  test('to bring a repository within this one', () => {
    const settings = { region: '-x', 'path-style': 'true' }
    expect(cloneCommand('file:///the remote', '/my files/in', settings)).toBe(
      "lsync clone 'file:///the remote' '/my files/in' --region=-x --set path-style=true",
    )
  })
})
