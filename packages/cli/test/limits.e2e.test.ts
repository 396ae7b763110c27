import { spawnSync } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Sandbox, sandbox } from './sandbox.ts'

/** The built command, where the system gives it little. */
const BIN = fileURLToPath(new URL('../bin/run.js', import.meta.url))

const MIB = 1024 * 1024

let box: Sandbox
beforeEach(() => {
  box = sandbox()
})
afterEach(() => {
  box[Symbol.dispose]()
})

/** With a limit of `ulimit`. */
function limited(limit: string, ...argv: readonly string[]) {
  const shell = ['-c', `ulimit ${limit}; exec "$@"`, 'sh', process.execPath, BIN, ...argv]
  return spawnSync('/bin/sh', shell, {
    cwd: box.folder,
    env: { ...process.env, ...box.environment },
    encoding: 'utf8',
  })
}

function repository(files: Readonly<Record<string, string>>): void {
  expect(limited('-n 1024', 'init', './remote', 'a').status).toBe(0)
  for (const [name, content] of Object.entries(files)) writeFileSync(box.path('a', name), content)
}

test('where few files may be open at once, a folder as a remote takes them one after the other', () => {
  repository(Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`file ${at}`, 'x'])))
  const { status, stdout, stderr } = limited('-n 80', '-C', 'a', 'sync')
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(stdout).toContain('200 files uploaded')
})

test('where there is no room for a lock, a run leaves nothing of it behind', () => {
  repository({ x: 'x' })
  const { status, stderr } = limited('-f 0', '-C', 'a', 'sync')
  expect(stderr).toContain('.lsync/lock: file too large')
  expect(status).toBe(2)
  expect(readdirSync(box.path('a', '.lsync')).toSorted()).toEqual([
    'config.yaml',
    'remote.yaml',
    'staging',
  ])
})

test('a file that is larger than the disk takes is a problem of its own, and holds nothing back', () => {
  repository({ removed: 'x' })
  expect(limited('-n 1024', '-C', 'a', 'sync').status).toBe(0)
  expect(limited('-n 1024', 'clone', './remote', 'b').status).toBe(0)
  rmSync(box.path('a', 'removed'))
  writeFileSync(box.path('a', 'large'), Buffer.alloc(3 * MIB))
  // As large as those that are fetched in ranges.
  writeFileSync(box.path('a', 'larger'), Buffer.alloc(33 * MIB))
  writeFileSync(box.path('a', 'small'), 'small')
  expect(limited('-n 1024', '-C', 'a', 'sync').status).toBe(0)
  const { status, stdout, stderr } = limited('-f 2048', '-C', 'b', 'sync')
  for (const name of ['large', 'larger'])
    expect(stdout + stderr).toMatch(
      new RegExp(`${name}.* is too large for this disk, which takes no file of that size`),
    )
  expect(status).toBe(4)
  expect(readdirSync(box.path('b')).toSorted()).toEqual(['.lsync', 'small'])
  for (const folder of ['staging', 'transfers'])
    expect(existing(box.path('b', '.lsync', folder))).toEqual([])
})

function existing(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder) : []
}

// As a removed folder answers through its descriptor, so some file systems answer to a name that they cannot keep (exFAT by FUSE).
test.skipIf(!existsSync('/proc/self/fd')).each(['init', 'clone'])(
  '%s into a place where no folder can be made says so (needs /proc/self/fd, which Linux has)',
  (command) => {
    mkdirSync(box.path('removed'))
    const descriptor = openSync(box.path('removed'), 'r')
    rmdirSync(box.path('removed'))
    try {
      const { status, stderr } = spawnSync(
        process.execPath,
        [BIN, command, './remote', '/proc/self/fd/3/new/folder'],
        {
          cwd: box.folder,
          env: { ...process.env, ...box.environment },
          encoding: 'utf8',
          stdio: ['ignore', 'ignore', 'pipe', descriptor],
          timeout: 20_000,
          killSignal: 'SIGKILL',
        },
      )
      expect(status).toBe(2)
      expect(stderr).toContain('/proc/self/fd/3/new/folder: no folder can be made there')
    } finally {
      closeSync(descriptor)
    }
  },
)
