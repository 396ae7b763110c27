import { readFileSync } from 'node:fs'
import { DiskError, LsyncError, StorageError, type StorageErrorCode } from '@lsync/core'
import { describe as group, expect, test } from 'vitest'
import { describe } from '../src/messages/describe.ts'
import { LSYNC_ERRORS, STORAGE_ERRORS } from '../src/messages/errors.ts'
import { EXIT } from '../src/messages/exit.ts'
import { GUARDS } from '../src/messages/guards.ts'
import { PROBLEMS } from '../src/messages/problems.ts'

/** The members of a union of texts, as core's sources declare it. */
function codesOf(file: string, union: string): readonly string[] {
  const source = readFileSync(new URL(`../../core/src/${file}`, import.meta.url), 'utf8')
  const declaration =
    source.split(`export type ${union} =`)[1]?.split(/\n\n(?!\s)|\nexport /)[0] ?? ''
  return [...declaration.matchAll(/\| '([^']+)'|= '([^']+)'|^ '([^']+)'/gm)]
    .map((match) => match[1] ?? match[2] ?? match[3] ?? '')
    .toSorted()
}

group('every code has its words', () => {
  test.each([
    ['model/errors.ts', 'LsyncErrorCode', LSYNC_ERRORS],
    ['provider/errors.ts', 'StorageErrorCode', STORAGE_ERRORS],
    ['model/problem.ts', 'ProblemCode', PROBLEMS],
    ['model/plan.ts', 'GuardName', GUARDS],
  ])('%s: %s', (file, union, table) => {
    const codes = codesOf(file, union)
    expect(codes.length).toBeGreaterThan(4)
    expect(Object.keys(table).toSorted()).toEqual(codes)
  })
})

group('exit codes', () => {
  test('are those of the contract with scripts', () => {
    expect(EXIT).toEqual({
      done: 0,
      bug: 1,
      usage: 2,
      conflicts: 3,
      problems: 4,
      halted: 5,
      remote: 6,
      locked: 7,
      pending: 8,
      interrupted: 130,
    })
  })

  test('a store that fails is 6, a remote that makes no sense is wrong usage, a lock is 7', () => {
    const exits = Object.entries(STORAGE_ERRORS).map(([code, { exit }]) => [code, exit])
    expect(exits.filter(([, exit]) => exit !== EXIT.remote)).toEqual([['bad-remote', EXIT.usage]])
    expect(LSYNC_ERRORS.locked.exit).toBe(EXIT.locked)
  })

  test('of two failures thrown as one, the first is told', () => {
    const full = new DiskError('no-space', 'x', 'no space is left')
    const closing = new DiskError('io', 'x', 'cannot be closed')
    expect(describe(new SuppressedError(closing, full)).code).toBe('disk-no-space')
  })

  test('only what nobody foresaw is a bug', () => {
    expect(describe(new TypeError('x is not a function')).exit).toBe(EXIT.bug)
    const foreseen = [...Object.values(LSYNC_ERRORS), ...Object.values(STORAGE_ERRORS)]
    expect(foreseen.filter(({ exit }) => exit === EXIT.bug)).toEqual([])
  })
})

group('an error in words', () => {
  test('with its facts and what to do', () => {
    const error = new LsyncError('locked', 'internal', { pid: 7, host: 'h', since: 'noon' })
    expect(describe(error, { waits: 1 })).toEqual({
      code: 'locked',
      message: 'Another lsync is at work in this repository: process 7 on h, since noon.',
      hint: 'Wait for it, or use --wait SECONDS.',
      exit: 7,
    })
  })

  test('who begins with a remote has no repository yet to look from', () => {
    const hintOf = (code: StorageErrorCode, begins: number) =>
      describe(new StorageError(code, 'it said'), { begins }).hint
    expect(hintOf('no-remote', 1)).toBe('Check its name, and that a disk it lies on is mounted.')
    expect(hintOf('no-remote', 0)).toContain('lsync config get remote')
    expect(hintOf('unexpected', 1)).toBe('lsync stopped rather than guess.')
    expect(hintOf('unexpected', 0)).toContain('lsync doctor')
    expect(hintOf('refused', 1)).toBeUndefined()
  })

  test('of a store, with what it said', () => {
    const error = new StorageError('network', 'no answer', { detail: 'ECONNREFUSED' })
    const { code, message, exit } = describe(error)
    expect({ code, message, exit }).toEqual({
      code: 'network',
      message: 'The remote cannot be reached: no answer (ECONNREFUSED)',
      exit: 6,
    })
  })

  test('of a store of a later contract, which may know more codes', () => {
    const error = new StorageError('unexpected', 'm')
    Object.defineProperty(error, 'code', { value: 'on-fire' })
    expect(describe(error)).toMatchObject({ code: 'on-fire', exit: 6 })
  })

  test('of the disk', () => {
    expect(describe(new DiskError('no-space', 'a', 'full'))).toMatchObject({
      code: 'disk-no-space',
      message: 'a: full',
      exit: 4,
    })
  })

  test('of the disk, where it refuses lsync its own files: 2, since nothing was done', () => {
    for (const own of ['.lsync/lock', '.lsync/config.yaml', '.lsync/remote.yaml'])
      expect(describe(new DiskError('no-space', own, 'full'))).toMatchObject({
        exit: 2,
        // Where the trash itself cannot be emptied for want of room.
        hint: expect.stringContaining('the oldest folders in .lsync/trash'),
      })
    expect(describe(new DiskError('no-space', '.lsyncignore', 'full'))).toMatchObject({
      exit: 4,
      hint: 'Make room on this disk and run lsync again.',
    })
  })

  test('nothing hostile in it reaches the terminal', () => {
    const hostile = 'a\n\u001B[2J\u202Eb'
    const errors = [
      new LsyncError('outside-repository', 'm', { path: hostile, root: hostile }),
      new LsyncError('provider-broken', 'm', { scheme: hostile, plugin: hostile, reason: hostile }),
      new StorageError('unexpected', hostile, { detail: hostile }),
      new DiskError('io', hostile, hostile),
      new Error(hostile),
    ]
    for (const error of errors) {
      const { message, hint = '' } = describe(error)
      expect(message + hint).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    }
  })

  test('no sentence has a hole in it when core names its facts', () => {
    const facts = {
      folder: 'F',
      path: 'P',
      reason: 'R',
      root: 'T',
      file: 'I',
      what: 'W',
      format: 2,
      known: 1,
      requires: 'Q',
      scheme: 'S',
      plugin: 'U',
      remote: 'E',
      pid: 1,
      host: 'H',
      since: 'N',
      outer: 'O',
      theirs: 'T',
      clone: 'C',
      message: 'M',
    }
    for (const { sentence, hint } of [
      ...Object.values(LSYNC_ERRORS),
      ...Object.values(STORAGE_ERRORS),
    ])
      expect(`${sentence(facts)} ${hint?.(facts) ?? ''}`).not.toMatch(/undefined|\[object/)
  })
})
