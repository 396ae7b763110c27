import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'

/** With a user of its own, so that it needs no rights to mount something that nobody else sees. */
const MOUNTING = ['--user', '--map-root-user', '--mount']
const mounts =
  spawnSync('unshare', [...MOUNTING, 'mount', '-t', 'tmpfs', 'none', tmpdir()]).status === 0

test.skipIf(!mounts)(
  'what lies on a disk that is mounted within the folder is refused by itself, and says why (needs unshare and mount, which Linux has)',
  () => {
    const root = mkdtempSync(join(tmpdir(), 'lsync-other-disk-'))
    onTestFinished(() => {
      rmSync(root, { recursive: true, force: true })
    })
    mkdirSync(join(root, 'other'))
    const script = `
const { default: folder } = await import(${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)})
const { bytesSource } = await import('@lsync/core/provider')
const signal = new AbortController().signal
const remote = await folder.open(${JSON.stringify(`file://${root}`)}, { signal, settings: {}, environment: {}, concurrency: 2, create: true })
const write = (key, expect) => remote.write(key, bytesSource(Buffer.from('new')), { expect, metadata: { user: {} }, signal }).then(() => 'written', ({ code, message }) => code + ' ' + message)
fs.writeFileSync(${JSON.stringify(join(root, 'other', 'there'))}, 'of another tool')
const { version } = await remote.head('other/there', { signal })
console.log(await write('other/new', { kind: 'absent' }))
console.log(await write('other/folder/new', { kind: 'absent' }))
console.log(await write('other/there', { kind: 'version', version }))
console.log(await write('beside', { kind: 'absent' }))
console.log(fs.readdirSync(${JSON.stringify(join(root, 'other'))}).join(), fs.readFileSync(${JSON.stringify(join(root, 'other', 'there'))}, 'utf8'))`
    const { stdout } = spawnSync(
      'unshare',
      [
        ...MOUNTING,
        'sh',
        '-c',
        'mount -t tmpfs none "$0" && exec "$@"',
        join(root, 'other'),
        process.execPath,
        '--conditions=@lsync/source',
        '--input-type=module',
        '-e',
        `import fs from 'node:fs'\n${script}`,
      ],
      {
        cwd: import.meta.dirname,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
        timeout: 20_000,
      },
    )
    const elsewhere = (key: string): string =>
      `refused ${key}: it lies on another disk than the rest of the remote, by way of which files come`
    expect(stdout.trim().split('\n')).toEqual([
      elsewhere('other/new'),
      elsewhere('other/folder/new'),
      elsewhere('other/there'),
      'written',
      'there of another tool',
    ])
  },
)
