import { describeDifference, describeSides, isClashing, lostContents } from './claims.ts'
import { differencesIn } from './every-difference.ts'
import { expected } from './expected.ts'
import { Laboratory, type Rest } from './laboratory.ts'
import { type Manner, textOfTree } from './trees.ts'

/** Killed; or by a power cut, which takes what was not flushed: names and data, data alone, or names alone. */
const DEATHS: readonly (Rest | undefined)[] = [
  undefined,
  { names: false, data: false },
  { names: true, data: false },
  { names: false, data: true },
]
/** Runs after which everything is at rest; the last one does nothing. */
const RUNS = 4

/** Every difference, a sync that dies before each of its steps, in each of these ways, and those that follow: the outcome is that of one that lives. */
export async function everyDeath(
  places: readonly (readonly string[])[],
  manner: Manner,
  tries: number,
): Promise<{ readonly found: readonly string[]; readonly deaths: number }> {
  const laboratory = new Laboratory()
  const found: string[] = []
  let deaths = 0
  for await (const difference of differencesIn(laboratory, places, { manner, tries })) {
    const ready = laboratory.save()
    const { conflicts, ...sides } = expected(difference.base, difference.local, difference.remote)
    const wanted = describeSides(sides.local, sides.remote, conflicts)
    for (let before = 0, at: string | undefined = ''; at !== undefined; before++)
      for (const rest of DEATHS) {
        laboratory.restore(ready)
        at = await laboratory.dies(0, before, rest)
        if (at === undefined) break
        deaths++
        const outcome = await recovered(laboratory)
        const lost = lostContents(difference, {
          remote: laboratory.remote,
          disks: [laboratory.disk(0)],
        })
        const what = `${describeDifference(difference)} dies before ${before} ${at} ${JSON.stringify(rest)}`
        if (outcome !== wanted) found.push(`${what}: became ${outcome}, not ${wanted}`)
        if (lost.length > 0) found.push(`${what}: lost ${lost.join()}`)
        if (isClashing(laboratory.remote)) found.push(`${what}: a file stands above others`)
      }
    if (found.length > 5) return { found, deaths }
  }
  return { found, deaths }
}

/** What comes of the next runs, of which the last one does nothing. */
async function recovered(laboratory: Laboratory): Promise<string> {
  for (let run = 0; run < RUNS; run++) {
    const { report, actions } = await laboratory.run(0)
    if (report === undefined) return `a failure ${laboratory.world.violations.splice(0).join()}`
    if (actions.length > 0) continue
    const conflicts = report.conflicts.map(({ path }) => path).toSorted()
    return describeSides(laboratory.local(0), laboratory.remote, conflicts)
  }
  return `no rest: ${textOfTree(laboratory.local(0))}`
}
