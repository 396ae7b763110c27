import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Sandbox, sandbox } from './sandbox.ts'
import { type Terminal, terminal } from './terminal.ts'

const BIN = fileURLToPath(new URL('../bin/run.js', import.meta.url))
const DOWN = '\u001B[B'
const ENTER = '\r'

let box: Sandbox
beforeEach(() => {
  box = sandbox()
})
afterEach(() => {
  box[Symbol.dispose]()
})

function lsync(...argv: readonly string[]): { readonly status: number | null } {
  return spawnSync(process.execPath, [BIN, ...argv], {
    cwd: box.folder,
    env: { ...process.env, ...box.environment },
  })
}

function write(where: 'a' | 'b', files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) writeFileSync(box.path(where, name), text)
}

const read = (...names: readonly string[]): string => readFileSync(box.path(...names), 'utf8')

/** Two clones whose files were changed on both sides; `b` has not synced since. */
function conflicts(names: readonly string[]): void {
  mkdirSync(box.path('a'))
  write('a', Object.fromEntries(names.map((name) => [name, 'base\n'])))
  lsync('init', './remote', 'a')
  lsync('-C', 'a', 'sync')
  lsync('clone', './remote', 'b')
  write('a', Object.fromEntries(names.map((name) => [name, `${name} of a\n`])))
  write('b', Object.fromEntries(names.map((name) => [name, `${name}, of b\n`])))
  expect(lsync('-C', 'a', 'sync').status).toBe(0)
}

function resolve(
  variables: Readonly<Record<string, string>> = {},
  ...paths: readonly string[]
): Terminal {
  return terminal(box.folder, [process.execPath, BIN, '-C', 'b', 'resolve', ...paths], {
    ...box.environment,
    PAGER: 'cat',
    ...variables,
  })
}

/** Answers with the choice that stands so many lines below the first. */
async function choose(person: Terminal, path: string, index: number): Promise<void> {
  await person.until(`? ${path}`)
  await person.until('quit')
  person.type(`${DOWN.repeat(index)}${ENTER}`)
}

test('one by one: both sides are shown, and each is settled as it is said, at once', async () => {
  conflicts(['1', '2', '3', '4'])
  const first = resolve()
  await first.until('1 changed on both sides (1 of 4)')
  await first.until('remote')
  await choose(first, '1', 0)
  await first.until('-1 of a')
  await first.until('+1, of b')
  await choose(first, '1', 1)
  await first.until('? 2')
  first.type('\u0003')
  expect(await first.end).toBe(130)
  expect(read('remote', '1')).toBe('1, of b\n')

  const person = resolve()
  await person.until('2 changed on both sides (1 of 3)')
  await choose(person, '2', 2)
  await person.until('3 changed on both sides (2 of 3)')
  await choose(person, '3', 3)
  await person.until('4 changed on both sides (3 of 3)')
  await choose(person, '4', 5)
  expect(await person.end).toBe(3)
  expect(person.shown()).toContain('2 conflicts settled, 1 left.')
  expect(read('b', '2')).toBe('2 of a\n')
  expect(readdirSync(box.path('b'))).toContainEqual(expect.stringMatching(/^3 \(conflict, /))
  expect(read('b', '4')).toBe('4, of b\n')
})

test('Ctrl-D is quit: what is not settled stays as it is', async () => {
  conflicts(['1', '2'])
  const person = resolve()
  await choose(person, '1', 1)
  await person.until('? 2')
  await person.until('quit')
  person.type('\u0004')
  expect(await person.end).toBe(3)
  expect(person.shown()).toContain('1 conflict settled, 1 left.')
  expect(person.shown()).not.toMatch(/Warning|Interrupted/)
})

test('who is told to end at a question, by a signal, ends', async () => {
  conflicts(['1', '2'])
  const noted = ['sh', '-c', 'echo $$ > pid; exec "$@"', 'sh']
  const person = terminal(
    box.folder,
    [...noted, process.execPath, BIN, '-C', 'b', 'resolve'],
    box.environment,
  )
  await person.until('? 1')
  await person.until('quit')
  process.kill(Number(read('pid')), 'SIGTERM')
  await person.until('Interrupted')
  expect(await person.end).toBe(130)
  expect(read('b', '1')).toBe('1, of b\n')
})

test('a side that moves while a person thinks makes her decision void: she is asked again', async () => {
  conflicts(['x'])
  const person = resolve()
  await person.until('? x')
  write('a', { x: 'newer, of a\n' })
  expect(lsync('-C', 'a', 'sync').status).toBe(0)
  person.type(`${DOWN}${ENTER}`)
  await person.until('x changed since it was shown')
  expect(read('remote', 'x')).toBe('newer, of a\n')
  await person.until('? x')
  write('b', { x: 'newer, of b\n' })
  person.type(`${DOWN.repeat(2)}${ENTER}`)
  await person.until('x changed since it was shown')
  expect(read('b', 'x')).toBe('newer, of b\n')
  await choose(person, 'x', 1)
  expect(await person.end).toBe(0)
  expect(read('remote', 'x')).toBe('newer, of b\n')
})

test('merge opens an editor; while markers are left nothing is settled', async () => {
  conflicts(['x', 'y'])
  writeFileSync(box.path('good'), '#!/bin/sh\necho merged > "$1"\n', { mode: 0o755 })
  const lazy = resolve({ VISUAL: 'true' }, 'x')
  await choose(lazy, 'x', 4)
  await lazy.until('x is not merged: there are still lines between')
  await choose(lazy, 'x', 6)
  expect(await lazy.end).toBe(3)
  expect(read('b', 'x')).toBe('x, of b\n')

  const person = resolve({ VISUAL: box.path('good') }, 'x')
  await choose(person, 'x', 4)
  await person.until('x is merged')
  expect(await person.end).toBe(0)
  expect([read('b', 'x'), read('remote', 'x')]).toEqual(['merged\n', 'merged\n'])

  // What a tool says does not get into a document.
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [BIN, '-C', 'b', 'resolve', '--merge', 'y', '--json'],
    {
      cwd: box.folder,
      env: {
        ...process.env,
        ...box.environment,
        LSYNC_MERGE_TOOL: 'echo hello; echo merged > "$MERGED"',
      },
      encoding: 'utf8',
    },
  )
  expect(JSON.parse(stdout)).toMatchObject({ settled: [{ path: 'y', keep: 'merge' }] })
  expect(stderr).toBe('hello\n')
})

test('where there is no place for the files of a merge tool, or it removed them, that is said, and nothing is settled', () => {
  conflicts(['x'])
  writeFileSync(box.path('file'), '')
  for (const [TMPDIR, tool, reason] of [
    [box.path('file'), 'true', 'not a directory'],
    [box.folder, 'rm "$MERGED"', 'no such file or directory'],
  ] as const) {
    const { status, stderr } = spawnSync(
      process.execPath,
      [BIN, '-C', 'b', 'resolve', '--merge', 'x'],
      {
        cwd: box.folder,
        env: { ...process.env, ...box.environment, TMPDIR, LSYNC_MERGE_TOOL: tool },
        encoding: 'utf8',
      },
    )
    expect(stderr).toContain(`${TMPDIR} cannot be read or written: ${reason}`)
    expect(status).toBe(2)
  }
  expect([read('b', 'x'), read('remote', 'x')]).toEqual(['x, of b\n', 'x of a\n'])
})
