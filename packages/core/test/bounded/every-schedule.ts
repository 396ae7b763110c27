import { tried } from './bound.ts'
import { describeSides, isClashing, lostContents } from './claims.ts'
import { withoutFilled } from './expected.ts'
import { type Instant, Laboratory } from './laboratory.ts'
import {
  contentOf,
  isFolder,
  makeInStore,
  makeOnDisk,
  type Manner,
  textOfTree,
  type Tree,
  treeFrom,
  treeOfDisk,
} from './trees.ts'

/** Small trees that get into each other's way. */
const TREES = ['', 'a=1', 'a=2', 'a=3', 'b=1', 'a=1 b=1', 'a/b=1', 'a/'].map(treeFrom)
const ROUNDS = 6

export interface Schedules {
  readonly found: readonly string[]
  readonly schedules: number
  /** Ended with a file and something below its name on the remote, as a problem that people are told of. */
  readonly clashes: number
}

interface Race {
  readonly laboratory: Laboratory
  readonly ready: Instant
  readonly name: string
  readonly trees: { readonly base: Tree; readonly one: Tree; readonly other: Tree }
}

/** What was found in all races together. */
class Findings implements Schedules {
  readonly found: string[] = []
  schedules = 0
  clashes = 0

  /**
   * All are at rest by now, and agree but for what is said; nothing is lost.
   *
   * RACE: where one client makes a file and another one something below its name at the same instant, a store of keys takes both; worst outcome: both
   * are told so in every run, until somebody gives one of them another name.
   * @param removed what the person who came between took away herself
   */
  async judge(
    { laboratory, name, trees }: Race,
    clients: number,
    how: string,
    removed: ReadonlySet<string> = new Set(),
  ): Promise<void> {
    this.schedules++
    const add = (violation: string): void => {
      this.found.push(`${name} ${how}: ${violation}`)
    }
    const { isAtRest, disputed, problems } = await settled(laboratory, clients)
    for (const violation of laboratory.world.violations.splice(0)) add(violation)
    const disks = Array.from({ length: clients }, (_, index) => laboratory.disk(index))
    const { base, one, other } = trees
    for (const local of [one, other])
      for (const content of lostContents(
        { base, local, remote: new Map() },
        { remote: laboratory.remote, disks },
      ))
        if (!removed.has(content)) add(`lost ${content}`)
    if (isClashing(laboratory.remote)) {
      this.clashes++
      if (!problems) add('a file stands above others, and nobody is told')
      return
    }
    if (!isAtRest) add('no rest')
    // In a trash is not enough: nobody replaced it.
    const held = new Set(
      [laboratory.remote, ...disks.map(treeOfDisk)].flatMap((tree) =>
        [...tree.values()].map((value) => contentOf(value)),
      ),
    )
    const isEdit = (path: string, value: string): boolean =>
      !isFolder(path) && base.get(path) !== value && !removed.has(contentOf(value))
    for (const [path, value] of [...one, ...other])
      if (isEdit(path, value) && !held.has(contentOf(value)))
        add(`the edit ${path}=${value} is in no tree`)
    const undisputed = (tree: Tree): string =>
      textOfTree(
        new Map(
          [...withoutFilled(tree)].filter(
            ([path]) => ![...disputed].some((at) => `${path}/`.startsWith(`${at}/`)),
          ),
        ),
      )
    for (let client = 0; client < clients; client++)
      if (undisputed(laboratory.local(client)) !== undisputed(laboratory.remote))
        add(`unequal: ${describeSides(laboratory.local(client), laboratory.remote, [...disputed])}`)
  }
}

async function settled(laboratory: Laboratory, clients: number) {
  let isAtRest = false
  let problems = false
  const disputed = new Set<string>()
  for (let round = 0; round < ROUNDS && !isAtRest; round++) {
    isAtRest = true
    problems = false
    disputed.clear()
    for (let client = 0; client < clients; client++) {
      const { report, actions } = await laboratory.run(client)
      if (report === undefined || actions.length > 0) isAtRest = false
      problems ||= (report?.problems.length ?? 0) > 0
      for (const { path } of report?.conflicts ?? []) disputed.add(path)
    }
  }
  return { isAtRest, disputed, problems }
}

/**
 * Two clients that changed what they agreed on, and sync at once: all schedules of their requests with at most so many preemptions.
 */
export async function everySchedule(
  manner: Manner,
  preemptions: number,
  tries: number,
): Promise<Schedules> {
  const findings = new Findings()
  for await (const race of races(2, manner, tries)) {
    const todo = [0, 1].map((first) => ({ first, switches: [] as readonly number[] }))
    for (let plan = todo.pop(); plan !== undefined; plan = todo.pop()) {
      const { first, switches } = plan
      const { laboratory } = race
      laboratory.restore(race.ready)
      let running = first
      let point = 0
      const open: number[] = []
      const works = [0, 1].map((client) => {
        const work = laboratory.start(client)
        return { actor: laboratory.client(client).actor, work }
      })
      await laboratory.time.interleave(works, isRequest, (waiting) => {
        const at = point++
        if (waiting.length > 1 && at > (switches.at(-1) ?? -1)) open.push(at)
        if (switches.includes(at) || !waiting.includes(running)) running = 1 - running
        return waiting.includes(running) ? running : (waiting[0] ?? 0)
      })
      if (switches.length < preemptions)
        for (const at of open) todo.push({ first, switches: [...switches, at] })
      await findings.judge(race, 2, `first ${first + 1}, then at ${switches.join()}`)
      if (findings.found.length > 5) return findings
    }
  }
  return findings
}

/** One client syncs what was changed on the other side, and between two of its steps somebody changes what is here; or the reverse. */
export async function everyIntrusion(
  side: 'local' | 'remote',
  manner: Manner,
  tries: number,
): Promise<Schedules> {
  const findings = new Findings()
  for await (const race of races(1, manner, tries, side === 'local'))
    for (let at = 0, isDone = false; !isDone; at++) {
      const { laboratory, trees } = race
      laboratory.restore(race.ready)
      let point = 0
      isDone = true
      const removed = new Set<string>()
      const work = laboratory.start(0)
      await laboratory.time.interleave(
        [{ actor: laboratory.client(0).actor, work }],
        () => true,
        async () => {
          if (point++ !== at) return 0
          isDone = false
          const before = side === 'local' ? laboratory.local(0) : laboratory.remote
          const after = edited(before, trees)
          for (const value of before.values()) removed.add(contentOf(value))
          for (const value of after.values()) removed.delete(contentOf(value))
          if (side === 'local') makeOnDisk(laboratory.disk(0), after, manner)
          else await makeInStore(laboratory.store, after, undefined)
          return 0
        },
      )
      if (!isDone) await findings.judge(race, 1, `${side} at ${at}`, removed)
      if (findings.found.length > 5) return findings
    }
  return findings
}

/** What the other one did to the base, done to this. */
function edited(now: Tree, { base, other }: Race['trees']): Tree {
  const tree = new Map(now)
  for (const path of base.keys()) if (!other.has(path)) tree.delete(path)
  for (const [path, value] of other) {
    if (base.get(path) === value) continue
    for (const taken of tree.keys())
      if (path.startsWith(`${taken}/`) || taken.startsWith(`${path.replace(/\/$/, '')}/`))
        tree.delete(taken)
    tree.set(path, value)
  }
  return withoutFilled(tree)
}

function isRequest(label: string): boolean {
  return /^(?:LIST|GET|HEAD|PUT|COPY|DELETE)\b/.test(label) && !label.endsWith('answers')
}

/** @param isThere the first of the two did it on the remote */
async function* races(
  clients: number,
  manner: Manner,
  tries: number,
  isThere = false,
): AsyncGenerator<Race> {
  const laboratory = new Laboratory()
  const isTried = tried(TREES.length ** 3, tries)
  let index = 0
  for (const base of TREES) {
    laboratory.begin(clients)
    makeOnDisk(laboratory.disk(0), base, 'fresh')
    for (let client = 0; client < clients; client++) await laboratory.run(client)
    const agreed = laboratory.save()
    for (const one of TREES)
      for (const other of TREES) {
        if (!isTried(index++) || one === base || other === base) continue
        laboratory.restore(agreed)
        if (isThere) await makeInStore(laboratory.store, one, undefined)
        else makeOnDisk(laboratory.disk(0), one, manner)
        if (clients > 1) makeOnDisk(laboratory.disk(1), other, manner)
        const name = `[${textOfTree(base)} | ${textOfTree(one)} | ${textOfTree(other)}]`
        yield { laboratory, ready: laboratory.save(), name, trees: { base, one, other } }
      }
  }
}
