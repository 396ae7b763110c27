import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  CONFIG,
  type Disk,
  initRepository,
  type LsyncEvent,
  type Machine,
  type MemoryStore,
  memoryModule,
  memoryStore,
  nodeDisk,
  nodeMachine,
  nodeWorld,
  openRepository,
  type Repository,
  type RunOptions,
  type RunReport,
  setInConfig,
  StorageError,
  type StorageErrorCode,
  type StorageProvider,
  syncRepository,
  unsetInConfig,
} from '../../src/index.ts'

/** Clones of one store in memory, on real folders. */
export interface Clones extends Disposable {
  readonly store: MemoryStore
  readonly folders: readonly string[]
  /** From now on the store refuses to write this key, or does not any more. */
  refuse(key: string, code: StorageErrorCode | undefined): void
  /** What commands of core other than a sync work with. */
  at(index: number): Promise<{ readonly machine: Machine; readonly repository: Repository }>
  /** Another tool writes an object. */
  put(key: string, text: string, metadata?: Readonly<Record<string, string>>): Promise<void>
  /** Sets a key in the configuration of a clone, or takes it out. */
  configure(index: number, key: string, value: string | undefined): Promise<void>
  sync(
    index: number,
    options?: Partial<RunOptions>,
  ): Promise<RunReport & { readonly events: readonly LsyncEvent[] }>
}

export async function clones(
  count: number,
  kind: {
    readonly history?: boolean
    readonly partSize?: number
    readonly openDisk?: (root: string) => Disk
    readonly now?: () => number
    readonly storeNow?: () => number
    /** Around the store, for every run. */
    readonly around?: (provider: StorageProvider) => StorageProvider
  } = {},
): Promise<Clones> {
  const { around = (provider) => provider, now } = kind
  const store = memoryStore({
    ...(kind.history === undefined ? {} : { history: kind.history }),
    ...(kind.partSize === undefined ? {} : { partSize: kind.partSize }),
    ...(kind.storeNow === undefined ? {} : { now: kind.storeNow }),
  })
  const root = mkdtempSync(join(tmpdir(), 'lsync-clones-'))
  const refused = new Map<string, StorageErrorCode | undefined>()
  const refusing: MemoryStore = {
    objects: store.objects,
    open() {
      const provider = around(store.open())
      const check = (key: string): void => {
        const code = refused.get(key)
        if (code !== undefined) throw new StorageError(code, `refused: ${key}`, { key })
      }
      return {
        ...provider,
        async write(key, source, options) {
          check(key)
          return provider.write(key, source, options)
        },
        async copy(from, to, options) {
          check(to)
          if (provider.copy === undefined) throw new TypeError('the store in memory copies')
          return provider.copy(from, to, options)
        },
      }
    },
  }
  const module = memoryModule({ one: refusing })
  const { signal } = new AbortController()
  const machineOf = (index: number): Machine => ({
    ...nodeMachine({
      environment: {},
      author: `author${index}`,
      providers: { schemes: ['memory'], get: async () => module },
    }),
    world: now === undefined ? nodeWorld() : { ...nodeWorld(), now },
    openDisk: kind.openDisk ?? nodeDisk,
  })
  const folders = Array.from({ length: count }, (_, index) => join(root, `clone${index}`))
  for (const [index, folder] of folders.entries()) {
    await nodeDisk(root).makeFolder(`clone${index}`)
    await initRepository(machineOf(index), {
      folder,
      remote: 'memory://one',
      settings: {},
      signal,
      onEvent: () => undefined,
    })
  }
  return {
    store,
    folders,
    refuse(key, code) {
      refused.set(key, code)
    },
    async at(index) {
      const machine = machineOf(index)
      return { machine, repository: await openRepository(machine, folders[index] ?? '') }
    },
    async configure(index, key, value) {
      const disk = nodeDisk(folders[index] ?? '')
      const text = (await disk.readText(CONFIG)) ?? ''
      await disk.replaceText(
        CONFIG,
        value === undefined
          ? unsetInConfig(text, CONFIG, key)
          : setInConfig(text, CONFIG, key, value),
      )
    },
    async put(key, text, metadata = {}) {
      const bytes = new TextEncoder().encode(text)
      const source = {
        size: bytes.length,
        digests: {},
        async *open() {
          yield bytes
        },
      }
      const version = store.objects.get(key)?.version
      await store.open().write(key, source, {
        signal,
        metadata: { user: metadata },
        expect: version === undefined ? { kind: 'absent' } : { kind: 'version', version },
      })
    },
    async sync(index, options = {}) {
      const events: LsyncEvent[] = []
      const machine = machineOf(index)
      const repository = await openRepository(machine, folders[index] ?? '')
      const report = await syncRepository(machine, repository, {
        mode: 'sync',
        paths: [],
        dryRun: false,
        allow: [],
        signal,
        onEvent: (event) => events.push(event),
        ...options,
      })
      return { ...report, events }
    },
    [Symbol.dispose]() {
      rmSync(root, { recursive: true, force: true })
    },
  }
}
