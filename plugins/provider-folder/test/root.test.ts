import { spawnSync } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import folder from '../src/index.ts'

const signal = new AbortController().signal

test('what is wrong with the folder itself is said of it by its name', async () => {
  const root = mkdtempSync(join(tmpdir(), 'lsync-root-'))
  onTestFinished(() => {
    rmSync(root, { recursive: true, force: true })
  })
  writeFileSync(join(root, 'file'), '')
  symlinkSync(join(root, 'nowhere'), join(root, 'dangling'))
  symlinkSync('loop', join(root, 'loop'))
  const failure = (name: string, create: boolean): Promise<unknown> => {
    const options = { signal, settings: {}, environment: {}, concurrency: 2, create }
    return folder.open(`file://${join(root, name)}`, options).catch((error: unknown) => error)
  }
  for (const [name, create, code] of [
    ['file', true, 'bad-remote'],
    ['file/below', true, 'bad-remote'],
    ['dangling', true, 'no-remote'],
    ['file', false, 'no-remote'],
    ['dangling', false, 'no-remote'],
    ['loop', false, 'bad-key'],
  ] as const)
    expect(await failure(name, create)).toMatchObject({
      code,
      message: expect.stringContaining(join(root, name)),
    })
})

// As a removed folder answers through its descriptor, so some file systems answer to a name that they cannot keep (exFAT by FUSE).
test.skipIf(!existsSync('/proc/self/fd'))(
  'a place where no folder can be made, and that looks as if only those above it were missing, is refused (needs /proc/self/fd, which Linux has)',
  () => {
    const removed = mkdtempSync(join(tmpdir(), 'lsync-removed-'))
    const descriptor = openSync(removed, 'r')
    onTestFinished(() => {
      closeSync(descriptor)
    })
    rmdirSync(removed)
    // In a process of its own: what never ends cannot be interrupted.
    const { stdout, signal: killed } = spawnSync(
      process.execPath,
      [
        '--conditions=@lsync/source',
        '--input-type=module',
        '-e',
        `const { default: folder } = await import(${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)})
const options = { signal: new AbortController().signal, settings: {}, environment: {}, concurrency: 2, create: true }
await folder.open('file:///proc/self/fd/3/a/b', options).catch(({ code }) => console.log(code))`,
      ],
      {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit', descriptor],
        timeout: 20_000,
        killSignal: 'SIGKILL',
      },
    )
    expect(killed).toBeNull()
    expect(stdout).toBe('bad-key\n')
  },
)
