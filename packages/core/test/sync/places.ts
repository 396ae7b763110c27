import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import {
  changeRemote,
  initRepository,
  type Machine,
  type MemoryStore,
  memoryModule,
  memoryStore,
  nodeDisk,
  nodeMachine,
  openRepository,
  type ProviderModule,
  type RunReport,
  type StorageProvider,
  syncRepository,
} from '../../src/index.ts'
import { DiskError } from '../../src/disk/disk.ts'
import { parseIdentity } from '../../src/sync/identity.ts'

export const quiet = { signal: new AbortController().signal, onEvent: () => undefined }

export interface Client {
  readonly folder: string
  readonly config: () => string
  /** The identity that it was made for, as its configuration says. */
  readonly id: () => string | undefined
  readonly change: (remote: string, allowOther?: boolean) => ReturnType<typeof changeRemote>
  readonly sync: (mode?: 'sync' | 'pull') => Promise<RunReport>
}

export interface Stage extends Client {
  readonly stores: Readonly<Record<'old' | 'new' | 'third', MemoryStore>>
  /** Another one, in sync with `old`. */
  readonly clone: () => Promise<Client>
}

interface Faults {
  readonly openDisk?: typeof nodeDisk
  readonly wrapped?: (provider: StorageProvider) => StorageProvider
}

/** A repository with these files, in sync with the store `old`; the others are empty. */
export async function stage(files: readonly string[], faults: Faults = {}): Promise<Stage> {
  const stores = { old: memoryStore(), new: memoryStore(), third: memoryStore() }
  const first = await client(stores, files, faults)
  return { ...first, stores, clone: () => client(stores, [], faults) }
}

export async function client(
  stores: Stage['stores'],
  files: readonly string[],
  { openDisk = nodeDisk, wrapped = (provider) => provider }: Faults,
): Promise<Client> {
  const folder = mkdtempSync(join(tmpdir(), 'lsync-change-'))
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  const memory = memoryModule(stores)
  const module: ProviderModule = {
    ...memory,
    open: async (remote, options) => wrapped(await memory.open(remote, options)),
  }
  const machine: Machine = {
    ...nodeMachine({
      environment: {},
      author: 'author',
      providers: { schemes: ['memory'], get: async () => module },
    }),
    openDisk,
  }
  const open = () => openRepository(machine, folder)
  await initRepository(machine, { folder, remote: 'memory://old', settings: {}, ...quiet })
  for (const name of files) writeFileSync(join(folder, name), `content of ${name}`)
  const sync: Client['sync'] = async (mode = 'sync') =>
    syncRepository(machine, await open(), {
      mode,
      paths: [],
      dryRun: false,
      allow: [],
      ...quiet,
    })
  await sync()
  const config = () => readFileSync(join(folder, '.lsync', 'config.yaml'), 'utf8')
  return {
    folder,
    config,
    id: () => /^repository: (\w+)$/m.exec(config())?.[1],
    change: async (remote, allowOther = false) =>
      changeRemote(machine, await open(), { remote, allowOther, ...quiet }),
    sync,
  }
}

export const IDENTITY = '.lsync/repository.yaml'

/** What a store says of itself. */
export const identityIn = ({ objects }: MemoryStore) =>
  parseIdentity(Buffer.from(objects.get(IDENTITY)?.bytes ?? []).toString())

export const filesIn = ({ objects }: MemoryStore): readonly string[] =>
  [...objects.keys()].filter((key) => !key.startsWith('.lsync/')).toSorted()

/** As another tool copies objects from store to store. */
export async function copy(
  from: MemoryStore,
  to: MemoryStore,
  keys: readonly string[],
): Promise<void> {
  for (const key of keys) {
    const object = from.objects.get(key)
    if (object === undefined) throw new Error(`there is no ${key}`)
    const { bytes, metadata, sha256 } = object
    await to.open().write(
      key,
      {
        size: bytes.length,
        digests: { sha256 },
        async *open() {
          yield bytes
        },
      },
      { signal: quiet.signal, expect: { kind: 'absent' }, metadata },
    )
  }
}

/** A disk that refuses these calls while it is on. */
export function failing(refuses: (call: 'remove' | 'replaceText', path: string) => boolean) {
  const fault = {
    on: false,
    openDisk(root: string) {
      const disk = nodeDisk(root)
      const check = (call: 'remove' | 'replaceText', path: string): void => {
        if (fault.on && refuses(call, path)) throw new DiskError('io', path, 'is refused')
      }
      return {
        ...disk,
        async remove(path: string) {
          check('remove', path)
          return disk.remove(path)
        },
        async replaceText(path: string, text: string) {
          check('replaceText', path)
          return disk.replaceText(path, text)
        },
      }
    },
  }
  return fault
}
