import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Sandbox, sandbox } from './sandbox.ts'
import { type Terminal, terminal } from './terminal.ts'

const BIN = fileURLToPath(new URL('../bin/run.js', import.meta.url))
const QUESTION = 'Bring it here from there? [y/N] '

let box: Sandbox
beforeEach(() => {
  box = sandbox()
})
afterEach(() => {
  box[Symbol.dispose]()
})

/** A person who clones with what is within, and is asked about that. */
async function asked(): Promise<Terminal> {
  mkdirSync(box.path('a', 'in'), { recursive: true })
  writeFileSync(box.path('a', 'in', 'x'), 'one')
  for (const argv of [
    ['init', './outer', 'a'],
    ['init', './inner', 'a/in'],
    ['-C', 'a', 'sync', '--recursive'],
  ]) {
    const options = { cwd: box.folder, env: { ...process.env, ...box.environment } }
    expect(spawnSync(process.execPath, [BIN, ...argv], options).status).toBe(0)
  }
  const argv = [process.execPath, BIN, 'clone', '--recursive', './outer', 'b']
  const person = terminal(box.folder, argv, box.environment)
  await person.until(QUESTION)
  return person
}

test('nothing is drawn over the question while a person thinks', async () => {
  const person = await asked()
  // Longer than a line of progress takes to be drawn anew.
  await pause(2500)
  expect(person.shown().endsWith(QUESTION)).toBe(true)
  person.type('y\r')
  expect(await person.end).toBe(0)
  expect(readFileSync(box.path('b', 'in', 'x'), 'utf8')).toBe('one')
})

test('Ctrl-C at the question interrupts', async () => {
  const person = await asked()
  person.type('\u0003')
  expect(await person.end).toBe(130)
  expect(person.shown()).toContain('lsync: Interrupted.')
  expect(existsSync(box.path('b', 'in'))).toBe(false)
})

test('Ctrl-D at the question is a no', async () => {
  const person = await asked()
  person.type('\u0004')
  expect(await person.end).toBe(4)
  expect(person.shown()).toContain('nobody confirmed it; nothing was brought.')
  expect(existsSync(box.path('b', 'in'))).toBe(false)
})
