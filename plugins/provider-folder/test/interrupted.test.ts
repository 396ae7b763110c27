import {
  mkdirSync,
  mkdtempSync,
  type PathLike,
  readdirSync,
  readFileSync,
  rmSync,
  type RmOptions,
  writeFileSync,
} from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { bytesSource, type Expect, type StorageProvider } from '@lsync/core/provider'
import { expect, onTestFinished, test, vi } from 'vitest'
import folder from '../src/index.ts'

type Call = 'look' | 'name' | 'forget' | 'read'

/** The disk fails at a call on such a path, after so many that went well; from then on at each one where the process died of it. */
const fault = vi.hoisted(() => ({
  call: undefined as Call | undefined,
  path: /^/,
  after: 0,
  isDeath: true,
  isDead: false,
  failure: { code: 'EIO', errno: -5, message: 'EIO: i/o error, at a path' },
}))
const EIO = fault.failure

vi.mock(import('node:fs'), async (original) => {
  const fs = await original()
  const check = (call: Call, path: PathLike): void => {
    const isNow = call === fault.call && fault.path.test(String(path)) && fault.after-- === 0
    fault.isDead ||= isNow && fault.isDeath
    if (isNow || fault.isDead) throw Object.assign(new Error(), fault.failure)
  }
  return {
    ...fs,
    lstatSync: ((path: string, options?: object) => {
      check('look', path)
      return fs.lstatSync(path, options)
    }) as typeof fs.lstatSync,
    readFileSync: ((path: string, options: BufferEncoding) => {
      check('read', path)
      return fs.readFileSync(path, options)
    }) as typeof fs.readFileSync,
    linkSync(from: PathLike, to: PathLike) {
      check('name', to)
      fs.linkSync(from, to)
    },
    renameSync(from: PathLike, to: PathLike) {
      check('name', to)
      fs.renameSync(from, to)
    },
    unlinkSync(path: PathLike) {
      check('forget', path)
      fs.unlinkSync(path)
    },
    rmSync(path: PathLike, options?: RmOptions) {
      try {
        check('forget', path)
      } catch {
        // What this one says of an error of the disk.
        const message = `, Unknown error: Input/output error '${String(path)}'`
        throw Object.assign(new Error(message), { code: '', errno: -4094 })
      }
      fs.rmSync(path, options)
    },
  }
})

const { signal } = new AbortController()
const ABSENT: Expect = { kind: 'absent' }
const LINK = { user: { type: 'link', sha256: 'that of its target' } }
const NAME = /\/key$/
const METADATA = /store\/metadata\/../
const STAGED = /store\/staged\//

function scene() {
  const root = mkdtempSync(join(tmpdir(), 'lsync-interrupted-'))
  onTestFinished(() => {
    Object.assign(fault, { call: undefined, failure: EIO })
    rmSync(root, { recursive: true, force: true })
  })
  return {
    root,
    staged: join(root, '.lsync/store/staged'),
    locks: join(root, '.lsync/store/locks'),
    open: () =>
      folder.open(`file://${root}`, { signal, settings: {}, environment: {}, concurrency: 2 }),
  }
}

async function failing(
  at: { readonly call: Call; readonly path: RegExp; readonly after?: number },
  isDeath: boolean,
  work: () => Promise<unknown>,
): Promise<void> {
  Object.assign(fault, { after: 0, ...at, isDeath })
  await expect(work()).rejects.toMatchObject({ code: 'server' })
  Object.assign(fault, { call: undefined, isDead: false })
}

const put = (provider: StorageProvider, text: string, condition: Expect, metadata = LINK) =>
  provider.write('key', bytesSource(Buffer.from(text)), { signal, expect: condition, metadata })
const typeOf = async (provider: StorageProvider) =>
  (await provider.head('key', { signal }))?.metadata?.user['type']

test.each([
  ['its former name went', { call: 'forget', path: STAGED }],
  ['its version was seen', { call: 'look', path: NAME }],
  ['what it is was written', { call: 'name', path: METADATA, after: 2 }],
] as const)('a link whose writer died before %s is one all the same', async (_, at) => {
  const { root, open } = scene()
  const provider = await open()
  await failing(at, true, () => put(provider, 'target', ABSENT))
  expect(readFileSync(join(root, 'key'), 'utf8')).toBe('target')
  expect(await typeOf(await open())).toBe('link')
})

test('what is there stays what it is until a link takes its place', async () => {
  const { open } = scene()
  const provider = await open()
  const file = { user: { author: 'ann' } } as unknown as typeof LINK
  const { version } = await put(provider, 'content', ABSENT, file)
  const replace = () => put(provider, 'target', { kind: 'version', version })
  await failing({ call: 'name', path: NAME }, true, replace)
  expect(await provider.head('key', { signal })).toMatchObject({
    version,
    digests: { sha256: expect.any(String) },
    metadata: file,
  })
  await failing({ call: 'name', path: METADATA, after: 1 }, true, replace)
  expect(await typeOf(provider)).toBe('link')
})

test('a link of which it cannot be read now that it is one is no file', async () => {
  const { open } = scene()
  await using provider = await open()
  await put(provider, 'target', ABSENT)
  const at = { call: 'read', path: METADATA } as const
  await failing(at, false, () => provider.head('key', { signal }))
  await failing(at, false, () => provider.read('key', { signal }))
  expect(await typeOf(provider)).toBe('link')
})

test('a file that another tool puts in the place of a link is none', async () => {
  const { root, open } = scene()
  const provider = await open()
  await failing({ call: 'look', path: NAME }, true, () => put(provider, 'target', ABSENT))
  writeFileSync(join(root, 'key'), 'by another tool')
  expect(await typeOf(provider)).toBeUndefined()
})

/** As if the client's process were gone: no system has so many. */
function bury(locks: string): void {
  for (const name of readdirSync(locks)) {
    const holder: object = JSON.parse(readFileSync(join(locks, name), 'utf8'))
    writeFileSync(join(locks, name), JSON.stringify({ ...holder, pid: 2 ** 23, started: '1' }))
  }
}

test('bytes that a dead client left on their way are cleared by the next one that writes', async () => {
  const { open, staged, locks } = scene()
  const first = await open()
  await failing({ call: 'name', path: NAME }, true, () => put(first, 'target', ABSENT))
  expect(readdirSync(staged)).toHaveLength(1)
  bury(locks)
  await using second = await open()
  await put(second, 'target', ABSENT)
  expect(readdirSync(staged)).toEqual([])
})

test('bytes of clients that may be alive are left to them for a day', async () => {
  const { open, staged, locks } = scene()
  await using living = await open()
  await put(living, 'target', ABSENT)
  const [own] = readdirSync(locks)
  mkdirSync(staged, { recursive: true })
  const names = [`${own}.on-its-way`, '17.deadbeef.of-another-machine', 'of-a-former-version']
  for (const name of names) writeFileSync(join(staged, name), 'bytes')
  const write = async () => {
    await using other = await open()
    const { version } = (await other.head('key', { signal }))!
    await put(other, 'target', { kind: 'version', version })
  }
  await write()
  expect(readdirSync(staged).toSorted()).toEqual(names.toSorted())
  const later = Date.now() + 25 * 60 * 60 * 1000
  vi.spyOn(Date, 'now').mockReturnValue(later)
  onTestFinished(() => {
    vi.restoreAllMocks()
  })
  await write()
  expect(readdirSync(staged)).toEqual([])
})

test('a write that fails leaves nothing on its way', async () => {
  const { open, root } = scene()
  await using provider = await open()
  await failing({ call: 'name', path: METADATA }, false, () => put(provider, 'target', ABSENT))
  const left = readdirSync(join(root, '.lsync/store'), { recursive: true, withFileTypes: true })
  const files = left.filter((item) => item.isFile())
  expect(files.map(({ parentPath }) => basename(parentPath))).toEqual(['locks'])
})

test('a quota that is used up is no room, though Node has no name for it', async () => {
  const { open } = scene()
  await using provider = await open()
  const number = -constants.errno.EDQUOT
  const nameless = `Unknown system error ${number}`
  fault.failure = { code: nameless, errno: number, message: `${nameless}: ${nameless}, link` }
  Object.assign(fault, { call: 'name', path: NAME, after: 0, isDeath: false })
  await expect(put(provider, 'target', ABSENT)).rejects.toMatchObject({
    code: 'no-space',
    message: 'key: the quota there is used up',
    detail: 'EDQUOT',
  })
})

test('a disk that fails while it is listed or probed is told in words, and so is one that cannot give a lock back', async () => {
  const { root, open } = scene()
  await using provider = await open()
  mkdirSync(join(root, 'd'))
  const list = async () => {
    for await (const _ of provider.list({ prefix: '' }, { signal }));
  }
  await failing({ call: 'look', path: /store\/folders\/d\// }, false, list)
  await failing({ call: 'look', path: /\/d\/$/ }, false, list)
  await failing({ call: 'forget', path: /locks\/\d+$/ }, false, () => put(provider, 'x', ABSENT))
  Object.assign(fault, { call: 'forget', path: /scratch$/, after: 0 })
  await expect(provider.probe!({ signal, scratch: 'scratch' })).rejects.toMatchObject({
    code: 'unexpected',
    message: expect.stringContaining('Input/output error'),
  })
})
