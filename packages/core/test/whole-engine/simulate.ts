import { createHash } from 'node:crypto'
import { isStorageError, type MemoryStore, memoryStore } from '../../src/provider/index.ts'
import type { RunReport } from '../../src/sync/api.ts'
import type { ConflictPolicy, SyncMode } from '../../src/model/plan.ts'
import { openState } from '../../src/state/open-state.ts'
import { takeLock } from '../../src/state/lock.ts'
import { sync } from '../../src/sync/sync.ts'
import { type Faults, faultyProvider, type Sabotage } from './faulty-store.ts'
import { MemoryDisk } from './memory-disk.ts'
import { Random } from './random.ts'
import { type Actor, Scheduler } from './scheduler.ts'

export interface SimulationOptions extends Sabotage {
  readonly print?: (line: string) => void
  /** A client may lose its whole disk: what the remote held must not be lost with it. */
  readonly disksBreak?: boolean
  /** Broken on purpose: flushes do nothing. */
  readonly noFlush?: boolean
}

export interface SimulationResult {
  readonly trace: number
  readonly steps: number
  /** What was violated; empty if nothing. */
  readonly violations: readonly string[]
}

interface Client {
  readonly name: string
  disk: MemoryDisk
  actor: Actor
  /** The run that is under way. */
  work: Promise<unknown> | undefined
  runs: number
}

const GUARDS = ['mass-delete', 'emptied', 'mass-change', 'unrelated', 'other-remote'] as const
const PATHS = ['x', 'y', 'z', 'd/x', 'd/y', 'd/e/x', 'e']
const QUIET_ROUNDS = 14

/**
 * N clients, one store, random edits, faults and deaths: one run, which follows from its seed. Checked: no content that a person wrote and
 * nobody knowingly replaced is gone; all clients are equal when quiet; the base never claims what did not happen.
 */
export async function simulate(
  seed: number,
  options: SimulationOptions = {},
): Promise<SimulationResult> {
  const random = new Random(seed)
  const scheduler = new Scheduler(random)
  scheduler.print = options.print
  const store = memoryStore({ now: () => scheduler.now, pageSize: 3 })
  const faults: Faults = { rate: random.pick([0, 0.01, 0.05, 0.15]) }
  const violations: string[] = []
  const written = new Set<string>()
  const replaced = new Set<string>()
  /** Content that the store held at some time. */
  const stored = new Set<string>()
  let contents = 0

  const clients: Client[] = Array.from({ length: 2 + random.below(2) }, (_, index) => {
    const actor: Actor = { name: `c${index}`, dead: false }
    const disk = new MemoryDisk(actor, scheduler, random)
    disk.folder('.lsync')
    disk.sync()
    disk.flushes = options.noFlush !== true
    return { name: actor.name, disk, actor, work: undefined, runs: 0 }
  })

  const start = (
    client: Client,
    mode: SyncMode,
    conflict: ConflictPolicy,
    paths: readonly string[] = [],
  ): Promise<RunReport | undefined> => {
    client.runs++
    const actor: Actor = { name: `${client.name}.${client.runs}`, dead: false }
    client.actor = actor
    client.disk = client.disk.after(actor)
    const { disk } = client
    const work = runSync(client, disk, actor, mode, conflict, paths)
    client.work = work
    return work.finally(() => {
      if (client.actor === actor) client.work = undefined
    })
  }

  async function runSync(
    client: Client,
    disk: MemoryDisk,
    actor: Actor,
    mode: SyncMode,
    conflict: ConflictPolicy,
    paths: readonly string[],
  ): Promise<RunReport | undefined> {
    const world = scheduler.world(actor)
    const { signal } = new AbortController()
    const release = await takeLock(disk, world, {
      self: { pid: client.runs, host: client.name, boot: '', started: '' },
      isAlive: () => false,
      wait: 0,
      signal,
    })
    try {
      const state = await openState(disk, world)
      return await sync(
        {
          disk,
          provider: faultyProvider(store, actor, scheduler, random, faults, options),
          world,
          state,
          author: client.name,
          remote: 'memory://one',
          policy: 'manual',
          ignored: () => false,
        },
        {
          mode,
          paths,
          dryRun: false,
          jobs: 4,
          allow: GUARDS,
          conflict,
          signal,
          onEvent: () => undefined,
        },
      )
    } catch (error) {
      if (isStorageError(error)) return undefined
      violations.push(
        `${client.name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      )
      return undefined
    } finally {
      await release()
    }
  }

  const person = (client: Client): void => {
    const { disk } = client
    const files = [...disk.files().keys()]
    const fresh = (): string => {
      const content = `content ${++contents}`
      written.add(content)
      return content
    }
    const supersede = (path: string, by?: string): void => {
      for (const [name, content] of disk.files())
        if ((name === path || name.startsWith(`${path}/`)) && content !== by) replaced.add(content)
    }
    const path = random.pick(PATHS)
    const say = (what: string): void => options.print?.(`${client.name} PERSON ${what}`)
    switch (random.below(8)) {
      case 0:
      case 1:
      case 2: {
        const content = fresh()
        say(`writes ${path} ${content}`)
        for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1))
          if (disk.peek(path.slice(0, slash))?.kind === 'file') supersede(path.slice(0, slash))
        if (disk.peek(path)?.kind === 'folder') {
          supersede(path)
          disk.delete(path)
        }
        supersede(path)
        // Half of the programs save in place, half write a new file and rename it over the old one.
        if (random.chance(0.5)) disk.delete(path)
        disk.write(path, content)
        break
      }
      case 3:
        if (files.length === 0) break
        {
          const victim = random.pick(files)
          say(`deletes ${victim}`)
          supersede(victim)
          disk.delete(victim)
        }
        break
      case 4:
      case 5: {
        if (files.length === 0) break
        const from = random.pick(files)
        if (path.startsWith(`${from}/`) || from.startsWith(`${path}/`) || from === path) break
        for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1))
          if (disk.peek(path.slice(0, slash))?.kind === 'file') return
        say(`renames ${from} ${path}`)
        supersede(path, disk.files().get(from))
        disk.move(from, path)
        break
      }
      case 6:
        if (files.length > 0) {
          const flipped = random.pick(files)
          say(`flips ${flipped}`)
          disk.flip(flipped)
        }
        break
      default:
        if (disk.peek(path) === undefined) {
          for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1))
            if (disk.peek(path.slice(0, slash))?.kind === 'file') return
          say(`makes folder ${path}`)
          disk.folder(path)
        }
    }
  }

  const lose = (client: Client): void => {
    options.print?.(`${client.name} LOSES ITS DISK`)
    scheduler.kill(client.actor)
    client.work = undefined
    client.disk = new MemoryDisk(client.actor, scheduler, random)
    client.disk.folder('.lsync')
    client.disk.sync()
    const alive = everywhere(store, clients)
    for (const content of written)
      if (!alive.has(content) && !stored.has(content)) replaced.add(content)
  }

  const die = (client: Client): void => {
    if (options.disksBreak === true && random.chance(0.5)) {
      lose(client)
      return
    }
    const cut = random.chance(0.5)
    options.print?.(`${client.name} DIES ${cut ? 'power cut' : 'killed'}`)
    scheduler.kill(client.actor)
    client.work = undefined
    if (!cut) return
    const before = client.disk.contents()
    client.disk.powerCut()
    const alive = everywhere(store, clients)
    // A save that never reached the disk, nor anybody else, is what the power cut took, not lsync.
    for (const content of before) if (!alive.has(content)) replaced.add(content)
  }

  // The wild part: edits, runs and deaths between any two steps.
  let edits = 6 + random.below(22)
  const wild = new Promise<void>((resolve) => {
    let over = false
    const end = (): void => {
      if (!over && edits <= 0 && clients.every(({ work }) => work === undefined)) {
        over = true
        resolve()
      }
    }
    ending = end
  })
  await scheduler.run(
    wild,
    () => {
      for (const { bytes } of store.objects.values()) stored.add(new TextDecoder().decode(bytes))
      for (const client of clients) {
        if (edits > 0 && random.chance(0.04)) {
          edits--
          person(client)
        }
        if (client.work === undefined && edits > 0 && random.chance(0.2)) {
          const mode = random.chance(0.7) ? 'sync' : random.pick(['pull', 'push'] as const)
          const policy = random.chance(0.8)
            ? 'manual'
            : random.pick(['keep-both', 'newest'] as const)
          void start(
            client,
            mode,
            policy,
            random.chance(0.15) ? [random.pick(['d', 'x', 'e'])] : [],
          )
        } else if (client.work !== undefined && random.chance(0.004)) die(client)
        if (client.work === undefined && random.chance(0.01)) client.disk.sync()
      }
      ending()
    },
    true,
  )

  // The quiet part: no faults, no edits, conflicts settled.
  faults.rate = 0
  for (const client of clients)
    checkBase(client, store, violations, await rowsOf(client, scheduler))
  let quiet = 0
  for (
    let round = 0;
    round < QUIET_ROUNDS && quiet < clients.length && violations.length === 0;
    round++
  )
    for (const client of clients) {
      let report: RunReport | undefined
      const work = start(client, 'sync', 'keep-both').then((result) => {
        report = result
      })
      await scheduler.run(work, () => undefined)
      if (report === undefined) {
        violations.push(`${client.name}: a run without faults failed`)
        break
      }
      for (const conflict of report.conflicts)
        // Only a person can settle this one: hers goes aside.
        if (conflict.kind === 'file-folder')
          client.disk.move(conflict.path, `${conflict.path}-of-${client.name}-${round}`)
      const { totals } = report
      const idle =
        totals.uploaded.files +
          totals.downloaded.files +
          totals.removedLocally +
          totals.removedRemotely ===
          0 && report.conflicts.length === 0
      quiet = idle ? quiet + 1 : 0
    }
  if (violations.length === 0) {
    if (quiet < clients.length) violations.push('the clients do not come to rest')
    checkEqual(clients, store, violations)
    const alive = new Set(clients.flatMap(({ disk }) => [...disk.files().values()]))
    for (const content of written)
      if (!replaced.has(content) && !alive.has(content)) violations.push(`lost: ${content}`)
    for (const client of clients)
      checkBase(client, store, violations, await rowsOf(client, scheduler))
  }
  return { trace: scheduler.trace, steps: scheduler.steps, violations }
}

let ending: () => void = () => undefined

function everywhere(store: MemoryStore, clients: readonly Client[]): Set<string> {
  const all = new Set<string>()
  for (const { bytes } of store.objects.values()) all.add(new TextDecoder().decode(bytes))
  for (const { disk } of clients) for (const content of disk.contents()) all.add(content)
  return all
}

async function rowsOf(client: Client, scheduler: Scheduler) {
  const actor: Actor = { name: `${client.name} check`, dead: false }
  const disk = client.disk.after(actor)
  const rows: Parameters<typeof checkBase>[3][number][] = []
  const work = (async () => {
    const state = await openState(disk, scheduler.world(actor))
    for await (const page of state.rows()) rows.push(...page)
  })()
  await scheduler.run(work, () => undefined)
  await work
  return rows
}

/** A row whose fingerprint a side still shows must tell the truth about that side's content. */
function checkBase(
  client: Client,
  store: MemoryStore,
  violations: string[],
  rows: readonly {
    readonly path: string
    readonly entry: import('../../src/model/entry.ts').BaseEntry
  }[],
): void {
  for (const { path, entry } of rows) {
    if (entry.type === 'folder') continue
    const file = client.disk.peek(path)
    const { local } = entry
    if (
      file !== undefined &&
      local?.mtime === file.mtime &&
      local.ctime === file.ctime &&
      local.inode === file.inode &&
      entry.size === file.size &&
      digest(file.text) !== entry.sha256
    )
      violations.push(`${client.name}: the base is wrong about the local ${path}`)
    const object = store.objects.get(path)
    if (object?.version === entry.remote.version && object.sha256 !== entry.sha256)
      violations.push(`${client.name}: the base is wrong about the remote ${path}`)
  }
}

function checkEqual(clients: readonly Client[], store: MemoryStore, violations: string[]): void {
  const shape = (files: Iterable<readonly [string, string]>): string =>
    JSON.stringify([...files].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  const remote = shape(
    [...store.objects]
      .filter(([key]) => !key.endsWith('/') && !key.startsWith('.lsync'))
      .map(([key, { bytes }]) => [key, new TextDecoder().decode(bytes)] as const),
  )
  for (const { name, disk } of clients) {
    const local = shape(disk.files())
    if (local !== remote) violations.push(`${name} and the store differ: ${local} ${remote}`)
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
