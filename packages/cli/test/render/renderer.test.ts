import type { LsyncEvent } from '@lsync/core'
import { expect, onTestFinished, test } from 'vitest'
import { Renderer, type RendererOptions } from '../../src/render/renderer.ts'
import { conflict, NOTHING, report, upload } from './actions.ts'

function rendered(options: Partial<RendererOptions> = {}, columns?: number) {
  const written = { stdout: '', stderr: '' }
  const clock = { now: 0 }
  const renderer = new Renderer(
    { quiet: false, verbose: false, json: false, progress: true, dryRun: false, ...options },
    {
      stdout: (text) => (written.stdout += text),
      stderr: (text) => (written.stderr += text),
      columns: () => columns,
      now: () => clock.now,
    },
  )
  onTestFinished(() => {
    renderer.stop()
  })
  const at = (now: number, event: LsyncEvent): void => {
    clock.now = now
    renderer.onEvent(event)
  }
  return { renderer, written, at }
}

const done = (path: string): LsyncEvent => ({
  type: 'action',
  action: upload(path),
  result: 'done',
})
const phase: LsyncEvent = { type: 'phase', phase: 'transferring' }

test('on a terminal one line is rewritten, at most ten times a second', () => {
  const { at, written } = rendered({}, 80)
  for (let now = 0; now <= 1000; now += 10) at(now, phase)
  const drawn = written.stderr.split('\r\u001B[K').length - 1
  expect(drawn).toBe(10)
  expect(written.stderr).not.toContain('\n')
})

test('it is cut to the width, and wiped before anything else is said', () => {
  const { at, renderer, written } = rendered({}, 10)
  at(200, phase)
  expect(written.stderr).toBe('\r\u001B[K0 of 0 fi')
  at(201, done('a'))
  expect(written.stderr.endsWith('\r\u001B[K')).toBe(true)
  expect(written.stdout).toBe('upload a\n')
  renderer.finish(report({ totals: { ...NOTHING, unchanged: 2 } }))
  expect(written.stdout).toBe('upload a\nNothing to do: 2 files unchanged.\n')
})

test('elsewhere there are plain lines, and seldom a sign of life', () => {
  const { at, written } = rendered()
  for (let now = 0; now <= 61_000; now += 1000) at(now, phase)
  expect(written.stderr.split('\n')).toHaveLength(3)
  expect(written.stderr).not.toContain('\u001B')
})

test('--no-progress shows none', () => {
  const { at, written } = rendered({ progress: false }, 80)
  at(60_000, phase)
  expect(written.stderr).toBe('')
})

test('many files are not listed unless asked', () => {
  for (const [verbose, lines, last] of [
    [false, 51, '… and more; -v shows every file'],
    [true, 60, 'upload f59 (new; 3 B)'],
  ] as const) {
    const { at, written } = rendered({ verbose })
    for (let index = 0; index < 60; index++) at(0, done(`f${index}`))
    const said = written.stdout.trimEnd().split('\n')
    expect(said).toHaveLength(lines)
    expect(said.at(-1)).toBe(last)
  }
})

test('with --json nothing goes to stdout', () => {
  const { at, renderer, written } = rendered({ json: true })
  at(0, done('a'))
  renderer.finish(report({ conflicts: [conflict('a')] }))
  expect(written.stdout).toBe('')
})

test('--quiet says nothing of what went well, and everything that is left', () => {
  const { at, renderer, written } = rendered({ quiet: true }, 80)
  at(60_000, done('a'))
  at(60_000, { type: 'notice', message: 'hm' })
  renderer.finish(report({ conflicts: [conflict('k')] }))
  expect(written.stderr).toBe('')
  expect(written.stdout.split('\n')[0]).toContain('conflict: k')
})

test('notices are escaped', () => {
  const { at, written } = rendered()
  at(0, { type: 'notice', message: 'put back: a\u001B[2J' })
  expect(written.stderr).toBe('note: put back: a\\x1b[2J\n')
})
