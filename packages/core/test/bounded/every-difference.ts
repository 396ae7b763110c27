import { checkBase, rowsOf } from '../whole-engine/checks.ts'
import type { Sabotage } from '../whole-engine/faulty-store.ts'
import {
  describeDifference,
  describeSides,
  type Difference,
  isClashing,
  lostContents,
} from './claims.ts'
import { tried } from './bound.ts'
import { expected } from './expected.ts'
import { Laboratory } from './laboratory.ts'
import { allTrees, makeInStore, makeOnDisk, type Manner, type Tree } from './trees.ts'

/** A file that may be edited, another one, and a name at which there is a file, an empty folder, or a folder with a file. */
export const PLACES = [
  ['', 'a=1', 'a=2'],
  ['', 'b=1'],
  ['', 'd=1', 'd/', 'd/a=1', 'd/a=2'],
]
/** Bits and empty files; none is like another one, since what moves takes its bit along. */
export const BITS = [
  ['', 'a=1', 'a=1*', 'a=0', 'a=0*'],
  ['', 'b=2', 'b=2*', 'b=0'],
]

interface Tries {
  readonly manner: Manner
  readonly sabotage?: Sabotage
  readonly tries: number
}

/**
 * Every tree that both sides agreed on, and every two trees that they have become since: one sync of each. Its outcome must be what the promises say.
 * @param tries how many are tried, by default
 */
export async function everyDifference(
  places: readonly (readonly string[])[],
  { manner, sabotage = {}, tries }: Tries,
): Promise<readonly string[]> {
  const laboratory = new Laboratory(sabotage)
  const found: string[] = []
  for await (const difference of differencesIn(laboratory, places, { manner, tries })) {
    for (const violation of await violationsOf(laboratory, difference))
      found.push(`${describeDifference(difference)} ${violation}`)
    if (found.length > 5) return found
  }
  return found
}

/** Brings one after the other about: two sides that agreed, and what they have become since. */
export async function* differencesIn(
  laboratory: Laboratory,
  places: readonly (readonly string[])[],
  { manner, tries }: Pick<Tries, 'manner' | 'tries'>,
): AsyncGenerator<Difference> {
  const trees = allTrees(places)
  const isTried = tried(trees.length ** 3, tries)
  let index = 0
  for (const base of trees) {
    laboratory.begin(1)
    makeOnDisk(laboratory.disk(0), base, 'fresh')
    await laboratory.run(0)
    const agreed = laboratory.save()
    for (const remote of trees)
      for (const local of trees) {
        if (!isTried(index++)) continue
        laboratory.restore(agreed)
        const difference = { base, local, remote }
        await bringAbout(laboratory, difference, manner)
        yield difference
      }
  }
}

/** Two sides that agreed become these. */
export async function bringAbout(
  laboratory: Laboratory,
  { local, remote }: { readonly local: Tree; readonly remote: Tree },
  manner: Manner,
): Promise<void> {
  makeOnDisk(laboratory.disk(0), local, manner)
  await makeInStore(laboratory.store, remote, laboratory.time.now)
}

async function violationsOf(
  laboratory: Laboratory,
  difference: Difference,
): Promise<readonly string[]> {
  const found: string[] = []
  const state = (): string => describeSides(laboratory.local(0), laboratory.remote, [])
  const before = state()
  const planned = await laboratory.run(0, { dryRun: true })
  if (state() !== before) found.push(`a dry run did something: ${state()}`)
  const { report, actions } = await laboratory.run(0)
  found.push(...laboratory.world.violations)
  if (report === undefined) return [...found, 'failed']
  const conflicts = report.conflicts.map(({ path }) => path).toSorted()
  const outcome = describeSides(laboratory.local(0), laboratory.remote, conflicts)
  const want = expected(difference.base, difference.local, difference.remote)
  const wanted = describeSides(want.local, want.remote, want.conflicts)
  if (outcome !== wanted) found.push(`became ${outcome}, not ${wanted}`)
  if (report.problems.length > 0) found.push(`problems: ${JSON.stringify(report.problems)}`)
  if (planned.actions.toSorted().join() !== actions.toSorted().join())
    found.push(`did ${actions.join()}, not ${planned.actions.join()} as was foreseen`)
  if (isClashing(laboratory.remote)) found.push('a file stands above others on the remote')
  const disks = [laboratory.disk(0)]
  for (const content of lostContents(difference, { remote: laboratory.remote, disks }))
    found.push(`lost ${content}`)
  const rows = await rowsOf(laboratory.client(0), laboratory.time)
  checkBase(laboratory.client(0), laboratory.store, found, rows)
  const versions = (): string =>
    [...laboratory.store.objects.values()].map(({ version }) => version).join()
  const stored = versions()
  const again = await laboratory.run(0)
  if (again.actions.length > 0 || versions() !== stored)
    found.push(`not at rest: ${again.actions.join()}`)
  if (
    again.report?.conflicts
      .map(({ path }) => path)
      .toSorted()
      .join() !== conflicts.join()
  )
    found.push('the next run has other conflicts')
  return found
}
