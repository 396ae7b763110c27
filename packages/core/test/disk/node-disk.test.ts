import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type Disk, DiskError } from '../../src/disk/disk.ts'
import { translate } from '../../src/disk/node-errors.ts'
import { temporaryDisk } from './temporary.ts'

const never = new AbortController().signal

async function codeOf(work: Promise<unknown>): Promise<string> {
  const failure: unknown = await work.then(
    () => 'no failure',
    (error: unknown) => error,
  )
  return failure instanceof DiskError ? failure.code : String(failure)
}

async function* broken(): AsyncGenerator<string> {
  yield 'half of '
  throw new Error('no more')
}

async function* pieces(): AsyncGenerator<string> {
  for (let index = 0; index < 1000; index++) yield `line ${index} ü\n`
}

describe('what is there', () => {
  test('statAll answers in order, with an error for what is gone', async () => {
    const { root, disk } = temporaryDisk()
    const names = Array.from({ length: 1200 }, (_, index) => `f${index}`)
    for (const name of names) fs.writeFileSync(`${root}/${name}`, name)
    fs.rmSync(`${root}/f700`)
    const stats = await disk.statAll('', names)
    expect(stats.map((stat) => (stat instanceof DiskError ? stat.code : stat.size))).toEqual(
      names.map((name) => (name === 'f700' ? 'missing' : name.length)),
    )
  })

  test('nothing is seen through a link to a folder', async () => {
    const { root, disk } = temporaryDisk()
    fs.mkdirSync(`${root}/real/inner`, { recursive: true })
    fs.writeFileSync(`${root}/real/x`, 'x')
    fs.symlinkSync('real', `${root}/link`)
    expect((await disk.stat('link'))?.kind).toBe('link')
    expect(await disk.stat('link/x')).toBeUndefined()
    expect(await codeOf(disk.list('link'))).toBe('not-folder')
    expect(await codeOf(disk.list('link/inner'))).toBe('not-folder')
    expect(await codeOf(disk.statAll('link', ['x']))).toBe('not-folder')
  })

  test('only a regular file opens, and a pipe does not hang', async () => {
    const { root, disk } = temporaryDisk()
    fs.mkdirSync(`${root}/folder`)
    fs.writeFileSync(`${root}/file`, '')
    fs.symlinkSync('file', `${root}/link`)
    execFileSync('mkfifo', [`${root}/pipe`])
    for (const path of ['folder', 'link', 'pipe', 'absent'])
      expect(await codeOf(disk.open(path))).toMatch(/^(is-folder|io|missing)$/)
    expect(await codeOf(disk.open('absent'))).toBe('missing')
    expect(await codeOf(disk.open('folder'))).toBe('is-folder')
  })

  test('ranges and whole files read back as written', async () => {
    const { root, disk } = temporaryDisk()
    const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => (index * 7) % 251))
    fs.writeFileSync(`${root}/big`, bytes)
    await using file = await disk.open('big')
    const chunks: Uint8Array[] = []
    for await (const chunk of file.read({ from: 5, to: 2_500_005 }, never)) chunks.push(chunk)
    expect(Buffer.concat(chunks).equals(bytes.subarray(5, 2_500_005))).toBe(true)
    expect(Buffer.from(await file.readAll()).equals(bytes)).toBe(true)
    for (const length of [1000, 128 * 1024, 128 * 1024 + 1]) {
      const buffer = Buffer.alloc(length)
      expect(await file.readInto(buffer, 2_999_000)).toBe(Math.min(length, 1000))
      expect(await file.readInto(buffer, 7)).toBe(length)
      expect(buffer.equals(bytes.subarray(7, 7 + length))).toBe(true)
    }
    const aborted = file.read({}, AbortSignal.abort(new Error('enough')))[Symbol.asyncIterator]()
    expect(await codeOf(aborted.next())).toBe('Error: enough')
  })
})

test.each([true, false])(
  'a file that grows while it is read is read to its end, in few calls (memory used again: %s)',
  async (reuse) => {
    const { root, disk } = temporaryDisk()
    fs.writeFileSync(`${root}/log`, Buffer.alloc(700_000, 1))
    await using file = await disk.open('log')
    const lengths: number[] = []
    let sum = 0
    for await (const chunk of file.read({ reuse }, never)) {
      if (lengths.length === 0) fs.appendFileSync(`${root}/log`, Buffer.alloc(1_000_000, 1))
      lengths.push(chunk.length)
      sum += chunk.reduce((total, byte) => total + byte, 0)
    }
    expect(sum).toBe(1_700_000)
    expect(lengths.length).toBeLessThan(8)
  },
)

describe('what is changed', () => {
  test.each<[string, (disk: Disk) => Promise<unknown>]>([
    ['open', (disk) => disk.open('link/x')],
    ['create', (disk) => disk.create('link/new')],
    ['replaceText', (disk) => disk.replaceText('link/x', 'text')],
    ['createText', (disk) => disk.createText('link/new', 'text')],
    ['appendText', (disk) => disk.appendText('link/x', 'text')],
    ['makeFolder', (disk) => disk.makeFolder('link/new')],
    ['removeFolder', (disk) => disk.removeFolder('link/inner')],
    ['rename from', (disk) => disk.rename('link/x', 'y', { overwrite: false })],
    ['rename to', (disk) => disk.rename('file', 'link/new', { overwrite: false })],
    ['remove', (disk) => disk.remove('link/x')],
    ['setExecutable', (disk) => disk.setExecutable('link/x', true)],
    ['setModified', (disk) => disk.setModified('link/x', 0)],
    ['copyMode to', (disk) => disk.copyMode('file', 'link/x')],
    ['copyMode from', (disk) => disk.copyMode('link/x', 'file')],
  ])('%s: nothing through a link to a folder outside', async (_, change) => {
    const { root, disk } = temporaryDisk()
    const { root: outside } = temporaryDisk()
    fs.writeFileSync(`${outside}/x`, 'theirs', { mode: 0o600 })
    fs.mkdirSync(`${outside}/inner`)
    fs.symlinkSync(outside, `${root}/link`)
    fs.writeFileSync(`${root}/file`, 'ours', { mode: 0o700 })
    const before = fs.statSync(`${outside}/x`)
    expect(await codeOf(change(disk))).toBe('not-folder')
    expect(fs.readdirSync(outside).toSorted()).toEqual(['inner', 'x'])
    const { mode, mtimeMs, ctimeMs } = fs.statSync(`${outside}/x`)
    expect({ mode, mtimeMs, ctimeMs }).toEqual({
      mode: before.mode,
      mtimeMs: before.mtimeMs,
      ctimeMs: before.ctimeMs,
    })
  })

  test.each<[string, (disk: Disk) => Promise<unknown>]>([
    ['setExecutable', (disk) => disk.setExecutable('link', true)],
    ['setModified', (disk) => disk.setModified('link', 1000)],
    ['copyMode', (disk) => disk.copyMode('file', 'link')],
    ['appendText', (disk) => disk.appendText('link', 'more')],
  ])('%s: a link as the last name is not followed', async (_, change) => {
    const { root, disk } = temporaryDisk()
    fs.writeFileSync(`${root}/target`, 'text', { mode: 0o600 })
    fs.writeFileSync(`${root}/file`, '', { mode: 0o755 })
    fs.symlinkSync('target', `${root}/link`)
    const before = fs.statSync(`${root}/target`)
    // Refused, or done to the link itself: both are right.
    expect(await codeOf(change(disk))).toMatch(/^(io|no failure)$/)
    const after = fs.statSync(`${root}/target`)
    expect([after.mode, after.mtimeMs, after.size]).toEqual([
      before.mode,
      before.mtimeMs,
      before.size,
    ])
  })

  test.each(['../out', 'a/../../out', '.', 'a//b', 'a/./b', 'nul\0'])(
    'no path leads out of the root: %j',
    async (path) => {
      const { root, disk } = temporaryDisk()
      fs.mkdirSync(`${root}/a`)
      expect(await codeOf(disk.createText(path, ''))).toBe('bad-name')
      expect(await codeOf(disk.remove(path))).toBe('bad-name')
      expect(await codeOf(disk.makeFolder(path))).toBe('bad-name')
    },
  )

  test('a rename that may not overwrite keeps both, one that may replaces', async () => {
    const { root, disk } = temporaryDisk()
    fs.writeFileSync(`${root}/a`, 'a')
    fs.writeFileSync(`${root}/b`, 'b')
    const { inode } = (await disk.stat('a')) ?? { inode: 0 }
    expect(await codeOf(disk.rename('a', 'b', { overwrite: false }))).toBe('exists')
    expect([fs.readFileSync(`${root}/a`, 'utf8'), fs.readFileSync(`${root}/b`, 'utf8')]).toEqual([
      'a',
      'b',
    ])
    await disk.rename('a', 'c', { overwrite: false })
    await disk.rename('c', 'b', { overwrite: true })
    expect(fs.readdirSync(root)).toEqual(['b'])
    expect((await disk.stat('b'))?.inode).toBe(inode)
  })

  test('a folder is not renamed over another, not even an empty one', async () => {
    const { root, disk } = temporaryDisk()
    fs.mkdirSync(`${root}/from/inner`, { recursive: true })
    fs.mkdirSync(`${root}/to`)
    expect(await codeOf(disk.rename('from', 'to', { overwrite: false }))).toBe('exists')
    await disk.rename('from', 'elsewhere', { overwrite: false })
    expect(fs.readdirSync(`${root}/elsewhere`)).toEqual(['inner'])
  })

  test('taken, missing, full: each by its code', async () => {
    const { root, disk } = temporaryDisk()
    fs.mkdirSync(`${root}/full/inner`, { recursive: true })
    fs.writeFileSync(`${root}/file`, '')
    expect(await codeOf(disk.create('file'))).toBe('exists')
    expect(await codeOf(disk.create('absent/new'))).toBe('missing')
    expect(await codeOf(disk.create('file/new'))).toBe('not-folder')
    expect(await codeOf(disk.createText('file', ''))).toBe('exists')
    expect(await codeOf(disk.makeFolder('full'))).toBe('exists')
    expect(await codeOf(disk.removeFolder('full'))).toBe('not-empty')
    expect(await codeOf(disk.remove('absent'))).toBe('missing')
    expect(await codeOf(disk.create('x'.repeat(300)))).toBe('bad-name')
  })

  test('the executable bit goes where reading is allowed, and mode bits survive a replacement', async () => {
    const { root, disk } = temporaryDisk()
    fs.writeFileSync(`${root}/private`, '', { mode: 0o600 })
    await disk.setExecutable('private', true)
    expect(fs.statSync(`${root}/private`).mode & 0o777).toBe(0o700)
    fs.writeFileSync(`${root}/new`, '', { mode: 0o644 })
    fs.chmodSync(`${root}/private`, 0o4750)
    await disk.copyMode('private', 'new')
    // Content from the remote must not run as somebody else.
    expect(fs.statSync(`${root}/new`).mode & 0o7777).toBe(0o750)
  })

  test('a writer fills holes, and what it says of the file is what a later look says', async () => {
    const { root, disk } = temporaryDisk()
    await using writer = await disk.create('out')
    const half = Buffer.alloc(400_000, 'b')
    await writer.write(half, 400_000)
    await writer.write(Buffer.alloc(400_000, 'a'), 0)
    await writer.setModified(1_700_000_000_123.25)
    await writer.setExecutable(true)
    const said = await writer.stat()
    expect(await disk.stat('out')).toEqual(said)
    expect([said.size, said.executable]).toEqual([800_000, true])
    expect(Math.abs(said.mtime - 1_700_000_000_123.25)).toBeLessThan(0.001)
    expect(fs.readFileSync(`${root}/out`, 'latin1')).toBe('a'.repeat(400_000) + 'b'.repeat(400_000))
  })
})

describe('the small files of .lsync', () => {
  test('replaced whole or not at all, keeping their mode, leaving nothing behind', async () => {
    const { root, disk } = temporaryDisk()
    fs.writeFileSync(`${root}/config`, 'old', { mode: 0o600 })
    await expect(disk.replaceText('config', broken())).rejects.toThrow('no more')
    expect(fs.readFileSync(`${root}/config`, 'utf8')).toBe('old')
    expect(fs.readdirSync(root)).toEqual(['config'])
    await disk.replaceText('config', pieces())
    expect(fs.readFileSync(`${root}/config`, 'utf8').split('\n')).toHaveLength(1001)
    expect(fs.statSync(`${root}/config`).mode & 0o777).toBe(0o600)
    expect(fs.readdirSync(root)).toEqual(['config'])
  })

  test('many create one name: one wins, and nobody reads half', async () => {
    const { root, disk } = temporaryDisk()
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        codeOf(disk.createText('lock', `holder ${index}\n`)),
      ),
    )
    expect(outcomes.filter((outcome) => outcome === 'no failure')).toHaveLength(1)
    expect(outcomes.filter((outcome) => outcome === 'exists')).toHaveLength(19)
    expect(await disk.readText('lock')).toMatch(/^holder \d+\n$/)
    expect(fs.readdirSync(root)).toEqual(['lock'])
  })

  test('appends, and reads what is not there as undefined', async () => {
    const { disk } = temporaryDisk()
    expect(await disk.readText('journal')).toBeUndefined()
    expect(await disk.readText('folder/journal')).toBeUndefined()
    await disk.appendText('journal', 'a\n')
    await disk.appendText('journal', 'b\n')
    expect(await disk.readText('journal')).toBe('a\nb\n')
  })

  test('flushing takes few and many, folders, and names that are gone', async () => {
    const { root, disk } = temporaryDisk()
    fs.mkdirSync(`${root}/a/b`, { recursive: true })
    fs.writeFileSync(`${root}/a/b/c`, 'c')
    fs.symlinkSync('nowhere', `${root}/a/link`)
    await disk.flush([])
    await disk.flush(['a/b/c', 'a/b', 'a/gone', 'gone/too', 'a/link', ''])
    await disk.flush(Array.from({ length: 100 }, (_, index) => `a/b/gone-${index}`))
    expect(await disk.free()).toBeGreaterThan(0)
  })
})

test('a limit of open files is told with the way around it', () => {
  const failure = Object.assign(new Error("EMFILE: too many open files, open '/x/y'"), {
    code: 'EMFILE',
    syscall: 'open',
  })
  expect(translate(failure, 'y')).toMatchObject({
    path: 'y',
    message: expect.stringMatching(/ulimit -n.*--jobs.*EMFILE/),
  })
})
