import { NESTED_PREFIX } from '../../src/model/nested.ts'
import { type MemoryObject, type MemoryStore, memoryStore } from '../../src/provider/index.ts'
import type { Settlement } from '../../src/model/plan.ts'
import { RULE_FILE } from '../../src/decide/ignore.ts'
import type { RunReport } from '../../src/sync/api.ts'
import { checkBase, checkEqual, everywhere, rowsOf } from './checks.ts'
import { type Client, newClient, newDisk, type RunChoices, startRun, type World } from './client.ts'
import type { Sabotage } from './faulty-store.ts'
import { edit, type History, PATHS } from './person.ts'
import { configsIn, flatten, nest } from './nesting.ts'
import { oddity } from './oddities.ts'
import { Random } from './random.ts'
import { Scheduler } from './scheduler.ts'
import { turn } from './turning.ts'

export interface SimulationOptions extends Sabotage {
  readonly print?: (line: string) => void
  /** A client may lose its whole disk: what the remote held must not be lost with it. */
  readonly disksBreak?: boolean
  /** People let one side win now and then (`--force`, `--mirror`, policies): what loses must then be in a trash at least. */
  readonly overriding?: boolean
  /** People put links in the place of files and folders, and change their minds about what is left out. */
  readonly oddities?: boolean
  /** Folders become repositories of their own, and stop being some. */
  readonly nesting?: boolean
  /** People move, swap and copy folders as a whole. */
  readonly turning?: boolean
  /** Broken on purpose: flushes do nothing. */
  readonly noFlush?: boolean
}

export interface SimulationResult {
  readonly trace: number
  readonly steps: number
  /** What was violated; empty if nothing. */
  readonly violations: readonly string[]
  /** Bytes that need not be sent again, by direction. */
  readonly resumed: { readonly up: number; readonly down: number }
}

const QUIET_ROUNDS = 14
/** Bytes of a part where contents are sent in parts: each tells whose it is. */
const PART = 4

/**
 * N clients, one store, random edits, faults and deaths: one run, which follows from its seed. Checked: no content that a person wrote and
 * nobody knowingly replaced is gone; all clients are equal when quiet; the base never claims what did not happen.
 */
export async function simulate(
  seed: number,
  options: SimulationOptions = {},
): Promise<SimulationResult> {
  const world = newWorld(seed, options)
  const { random, scheduler, store, violations } = world
  world.faults.rate = random.pick([0, 0.01, 0.05, 0.15])
  const history: History = {
    written: new Set(),
    replaced: new Set(),
    // What is large takes long: the same few paths must change meanwhile.
    paths: options.large === true ? ['x', 'd/x'] : PATHS,
    contentOf: (count) =>
      options.large === true && count % 4 !== 0
        ? `${String(count).padStart(PART - 1, '0')} `.repeat(PART)
        : `content ${count}`,
    isOthers: ({ apart }, path, content) =>
      [...apart].some((folder) => path.startsWith(`${folder}/`)) &&
      textOf(store.objects.get(path)?.bytes) === content,
  }
  const { written, replaced } = history
  /** Content that the store held at some time. */
  const stored = new Set<string>()
  /** What power cuts left of files. */
  const torn = new Set<string>()
  const clients = Array.from({ length: 2 + random.below(2) }, (_, index) =>
    newClient(world, `c${index}`),
  )
  for (const { disk } of clients) disk.flushes = options.noFlush !== true

  const lose = (client: Client): void => {
    options.print?.(`${client.name} LOSES ITS DISK`)
    scheduler.kill(client.actor)
    client.work = undefined
    client.disk = newDisk(client.actor, scheduler, random)
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
    client.apart.clear()
    const before = client.disk.contents()
    client.disk.powerCut()
    for (const content of client.disk.files().values()) torn.add(content)
    const alive = everywhere(store, clients)
    // A save that never reached the disk, nor anybody else, is what the power cut took, not lsync.
    for (const content of before) if (!alive.has(content)) replaced.add(content)
  }

  // The wild part: edits, runs and deaths between any two steps.
  let edits = (options.nesting === true ? 24 : 6) + random.below(22)
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
          const odd =
            options.turning === true && random.chance(0.5)
              ? turn
              : options.oddities === true && random.chance(0.3)
                ? oddity
                : edit
          const act = options.nesting === true && random.chance(0.4) ? nest : odd
          act(client, random, history, options.print)
        }
        if (client.work === undefined && edits > 0 && random.chance(0.2)) {
          const mode = random.chance(0.7) ? 'sync' : random.pick(['pull', 'push'] as const)
          const policy = random.chance(0.8)
            ? 'manual'
            : random.pick(['keep-both', 'newest'] as const)
          const paths = random.chance(0.15) ? [random.pick(['d', 'x', 'e'])] : []
          const choices: RunChoices = { mode, conflict: policy, paths }
          const nested = paths.length === 0 ? configsIn(client) : []
          const run = startRun(
            world,
            client,
            options.overriding === true && random.chance(0.4)
              ? insist(random, client, choices)
              : choices,
          )
          void run.then((report) => {
            if (report === undefined || report.halted.length > 0) return
            // Only what it was all the while.
            const still = configsIn(client)
            for (const [folder, config] of nested)
              if (still.get(folder) === config) client.apart.add(folder)
          })
        } else if (
          client.work !== undefined &&
          random.chance(options.large === true && client.transferring ? 0.03 : 0.004)
        )
          die(client)
        if (client.work === undefined && random.chance(0.01)) client.disk.sync()
      }
      ending()
    },
    true,
  )

  // The quiet part: no faults, no edits, conflicts settled.
  world.faults.rate = 0
  for (const client of clients) {
    client.ignore = []
    if (options.nesting === true) flatten(client)
    checkBase(client, store, violations, await rowsOf(client, scheduler))
  }
  await settle(world, clients)
  for (const key of store.objects.keys())
    if (key.startsWith(NESTED_PREFIX)) violations.push(`still there: ${key}`)
  if (violations.length === 0) {
    const alive =
      options.overriding === true
        ? everywhere(store, clients)
        : new Set(clients.flatMap(({ disk }) => [...disk.files().values()]))
    for (const content of written)
      if (!replaced.has(content) && !alive.has(content)) violations.push(`lost: ${content}`)
    const inPlace =
      options.large === true ? clients.flatMap(({ disk }) => [...disk.files().values()]) : []
    for (const content of inPlace)
      if (!written.has(content) && !torn.has(content)) violations.push(`mixed: ${content}`)
  }
  return { trace: scheduler.trace, steps: scheduler.steps, violations, resumed: world.resumed }
}

/** A run in which one side wins, in one of all the ways to say so. */
function insist(random: Random, { conflicts }: Client, choices: RunChoices): RunChoices {
  const settlements = new Map<string, Settlement>()
  for (const { path, local, remote } of conflicts)
    if (local !== 'absent' && remote !== 'absent')
      settlements.set(path, {
        keep: random.pick(['local', 'remote', 'keep-both'] as const),
        local: local.stat,
        remote: remote.version,
      })
  if (settlements.size > 0 && random.chance(0.7))
    return { ...choices, mode: 'sync', paths: [], settlements }
  if (random.chance(0.4)) return { ...choices, conflict: random.pick(['local', 'remote'] as const) }
  return {
    ...choices,
    mode: random.pick(['pull', 'push'] as const),
    override: random.pick(['force', 'mirror'] as const),
  }
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes)
}

export function newWorld(seed: number, options: SimulationOptions): World {
  const random = new Random(seed)
  const scheduler = new Scheduler(random)
  scheduler.print = options.print
  const store = memoryStore({ now: () => scheduler.now, pageSize: 3, partSize: PART })
  return {
    random,
    scheduler,
    store,
    faults: { rate: 0 },
    sabotage: options,
    violations: [],
    resumed: { up: 0, down: 0 },
  }
}

/** Everybody syncs in turn until nothing is left to do; then all must be equal, and the bases truthful. */
export async function settle(world: World, clients: readonly Client[]): Promise<void> {
  const { scheduler, store, violations } = world
  let quiet = 0
  for (
    let round = 0;
    round < QUIET_ROUNDS && quiet < clients.length && violations.length === 0;
    round++
  )
    for (const client of clients) {
      // With rules, not everything would be the same in the end. Another client may bring them back: its edit survives a removal.
      client.disk.delete(RULE_FILE)
      const report = await finishRun(world, client)
      if (report === undefined) {
        violations.push(`${client.name}: a run without faults failed`)
        break
      }
      for (const conflict of report.conflicts)
        // Only a person can settle this one: hers goes aside.
        if (conflict.kind === 'file-folder')
          client.disk.move(conflict.path, `${conflict.path}-of-${client.name}-${round}`)
      clearTheWay(store, client, report, round)
      quiet = isIdle(report) ? quiet + 1 : 0
    }
  if (violations.length > 0) return
  if (quiet < clients.length) violations.push('the clients do not come to rest')
  checkEqual(clients, store, violations)
  for (const client of clients)
    checkBase(client, store, violations, await rowsOf(client, scheduler))
}

/** A whole run with nothing beside it. */
export async function finishRun(world: World, client: Client): Promise<RunReport | undefined> {
  let report: RunReport | undefined
  const work = startRun(world, client, { mode: 'sync', conflict: 'keep-both' }).then((result) => {
    report = result
  })
  await world.scheduler.run(work, () => undefined)
  return report
}

/** What only people can do, with other tools too: a file and what lies below its name cannot both stay. */
function clearTheWay(
  store: MemoryStore,
  { name, disk }: Client,
  { problems }: RunReport,
  round: number,
): void {
  const objects = store.objects as Map<string, MemoryObject>
  for (const { path, code } of problems) {
    if (code === 'in-the-way') disk.move(path, `${path}-of-${name}-${round}`)
    const object = objects.get(path)
    if (code !== 'below-a-file' || object === undefined) continue
    objects.delete(path)
    if (!path.endsWith('/')) objects.set(`${path.replaceAll('/', '-')}-${round}`, object)
  }
}

function isIdle({ totals, conflicts, nested }: RunReport): boolean {
  const { uploaded, downloaded, removedLocally, removedRemotely, moved } = totals
  const done = uploaded.files + downloaded.files + removedLocally + removedRemotely + moved
  return done === 0 && conflicts.length === 0 && nested.every(({ effect }) => effect === undefined)
}

let ending: () => void = () => undefined
