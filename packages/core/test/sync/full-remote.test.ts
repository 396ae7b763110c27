import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import {
  doctorRepository,
  initRepository,
  type LsyncEvent,
  memoryModule,
  memoryStore,
  nodeMachine,
  openRepository,
  type ProviderModule,
} from '../../src/index.ts'
import { StorageError } from '../../src/provider/index.ts'

const { signal } = new AbortController()

/** A remote that takes nothing while it is full. */
function stage() {
  const folder = mkdtempSync(join(tmpdir(), 'lsync-full-'))
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  const remote = { full: false, closed: false }
  const memory = memoryModule({ store: memoryStore() })
  const module: ProviderModule = {
    ...memory,
    async open(url, options) {
      const provider = await memory.open(url, options)
      return {
        ...provider,
        async write(key, source, write) {
          if (remote.full) throw new StorageError('no-space', 'no space is left there', { key })
          return provider.write(key, source, write)
        },
        uploads: {
          ...provider.uploads!,
          async *listPending(call) {
            yield* provider.uploads!.listPending(call)
            if (remote.closed) throw new StorageError('forbidden', 'AccessDenied')
          },
        },
        async probe({ scratch }) {
          if (remote.full)
            throw new StorageError('no-space', 'no space is left there', { key: scratch })
          return { guarantees: provider.guarantees, listsFolders: true, findings: [] }
        },
      }
    },
  }
  const machine = nodeMachine({
    environment: {},
    author: 'author',
    providers: { schemes: ['memory'], get: async () => module },
  })
  const events: LsyncEvent[] = []
  const quiet = { signal, onEvent: (event: LsyncEvent) => events.push(event) }
  const init = async (name: string) => {
    mkdirSync(join(folder, name))
    return initRepository(machine, {
      folder: join(folder, name),
      remote: 'memory://store',
      settings: {},
      ...quiet,
    })
  }
  const doctor = async (name: string) =>
    doctorRepository(machine, await openRepository(machine, join(folder, name)), quiet)
  return { remote, events, init, doctor }
}

test('a full remote can be cloned, and doctor says that it is full', async () => {
  const { remote, events, init, doctor } = stage()
  const { id } = await init('a')
  remote.full = true
  expect(await init('b')).toMatchObject({ id })
  expect(events).toContainEqual(
    expect.objectContaining({ type: 'notice', message: expect.stringContaining('no room left') }),
  )
  expect((await doctor('b')).findings).toMatchObject([
    { check: 'identity', ok: true },
    { check: 'write', ok: false, message: expect.stringContaining('no room left') },
  ])
  remote.full = false
  expect((await doctor('b')).findings.every(({ ok }) => ok)).toBe(true)
})

test('a full remote that is nobody\u2019s yet is not made ours', async () => {
  const { remote, init } = stage()
  remote.full = true
  await expect(init('a')).rejects.toMatchObject({ code: 'no-space' })
})

test('where unfinished uploads may not be listed, doctor says so, and all else', async () => {
  const { remote, init, doctor } = stage()
  await init('a')
  remote.closed = true
  const { findings } = await doctor('a')
  const check = 'unfinished-uploads'
  expect(findings).toContainEqual(
    expect.objectContaining({ check, ok: false, message: expect.stringContaining('AccessDenied') }),
  )
  expect(findings).toContainEqual(expect.objectContaining({ check: 'content', ok: true }))
})
