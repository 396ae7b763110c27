import { expect, test } from 'vitest'
import type { RunReport } from '../../src/sync/api.ts'
import { checkBase, everywhere, rowsOf } from './checks.ts'
import { type Client, newClient, startRun, type World } from './client.ts'
import { newWorld } from './simulate.ts'

/**
 * Everything that may stand at one path, on both sides, from every common beginning: files, folders, empty ones, and what is left out in them.
 * Nothing is lost, what one side did arrives at the other, and after a few runs nobody has anything left to do.
 */

/** What may stand at the path `p`: files with their content, folders (a name that ends in a slash) with nothing. */
type Place = Readonly<Record<string, string>>

const PLACES: Readonly<Record<string, Place>> = {
  nothing: {},
  file: { p: 'f' },
  'an empty folder': { 'p/': '' },
  'a folder in a folder': { 'p/e/': '' },
  'a folder': { 'p/q': 'q' },
  'a folder, edited': { 'p/q': 'edited' },
  'a folder with more': { 'p/q': 'q', 'p/r': 'r' },
  'a folder of junk': { 'p/.DS_Store': 'junk' },
  'a folder with something ignored': { 'p/q': 'q', 'p/x.part': 'ignored' },
}

function isIgnored(path: string): boolean {
  return path.endsWith('.DS_Store') || path.endsWith('.part')
}

/** A person brings the path from what it is to what it is to be; what stays is not touched. */
function bring({ disk }: Client, to: Place): void {
  for (const path of [...disk.files().keys(), ...disk.folders()].toSorted().toReversed()) {
    if (path !== 'p' && !path.startsWith('p/')) continue
    const stays = Object.keys(to).some((key) => key === path || key.startsWith(`${path}/`))
    const kind = disk.peek(path)?.kind
    if (!stays || (kind === 'file') !== Object.hasOwn(to, path)) disk.delete(path)
  }
  for (const [path, text] of Object.entries(to))
    if (path.endsWith('/')) disk.folder(path.slice(0, -1))
    else if (disk.peek(path)?.text !== text) disk.write(path, text)
  disk.sync()
}

/** As a place again, without what is ignored. */
function placeOf({ disk }: Client): Place {
  const files = [...disk.files()].filter(([path]) => path !== 'other' && !isIgnored(path))
  const all = [...disk.files().keys(), ...disk.folders()]
  const empty = disk
    .folders()
    .filter((folder) => !all.some((path) => path.startsWith(`${folder}/`)))
  return Object.fromEntries(
    [...files, ...empty.map((path) => [`${path}/`, ''] as const)].toSorted(([a], [b]) =>
      a < b ? -1 : 1,
    ),
  )
}

async function run(world: World, client: Client): Promise<RunReport> {
  let report: RunReport | undefined
  const work = startRun(world, client, { mode: 'sync', conflict: 'manual' }).then((result) => {
    report = result
  })
  await world.scheduler.run(work, () => undefined)
  if (report === undefined) throw new Error(`a run failed: ${world.violations.join('; ')}`)
  return report
}

function did({
  totals: { uploaded, downloaded, removedLocally, removedRemotely, moved },
}: RunReport) {
  return uploaded.files + downloaded.files + removedLocally + removedRemotely + moved
}

async function meet(base: Place, here: Place, there: Place) {
  const world = newWorld(1, {})
  const [a, b] = [newClient(world, 'a'), newClient(world, 'b')]
  a.disk.write('other', 'other')
  bring(a, base)
  for (const client of [a, b, a, b]) await run(world, client)
  bring(a, here)
  bring(b, there)
  await run(world, b)
  let last: readonly RunReport[] = []
  let rounds = 0
  for (; rounds < 6; rounds++) {
    last = [await run(world, a), await run(world, b)]
    if (last.every((report) => did(report) === 0)) break
  }
  const wrong: string[] = [...world.violations]
  if (rounds === 6) wrong.push('no rest')
  const alive = everywhere(world.store, [a, b])
  for (const text of [...Object.values(here), ...Object.values(there)])
    if (text !== '' && !alive.has(text)) wrong.push(`lost ${text}`)
  for (const [client, place] of [
    [a, here],
    [b, there],
  ] as const)
    for (const [path, text] of Object.entries(place))
      if (path.endsWith('.part') && client.disk.peek(path)?.text !== text)
        wrong.push(`touched ${path}`)
  for (const client of [a, b])
    checkBase(client, world.store, wrong, await rowsOf(client, world.scheduler))
  const open = last.flatMap(({ conflicts, problems }) => [
    ...conflicts.map(({ path, kind }) => `${kind} ${path}`),
    ...problems.map(({ path, code }) => `${code} ${path}`),
  ])
  return { wrong, open, a: placeOf(a), b: placeOf(b) }
}

const NAMES = Object.keys(PLACES)

/** Without what is ignored, and without a folder that holds nothing else: nobody knows of that one. */
function shared(place: Place): Place {
  const files = Object.entries(place).filter(([path]) => !isIgnored(path))
  return Object.fromEntries(files)
}

for (const name of NAMES)
  test(`from ${name} to anything, on both sides`, { timeout: 60_000 }, async () => {
    const base = PLACES[name] ?? {}
    const wrong: string[] = []
    for (const [index, hereName] of NAMES.entries())
      for (const thereName of NAMES.slice(index)) {
        const [here, there] = [PLACES[hereName] ?? {}, PLACES[thereName] ?? {}]
        const met = await meet(base, here, there)
        const say = (what: string): void => {
          wrong.push(`${hereName} and ${thereName}: ${what}`)
        }
        for (const what of met.wrong) say(what)
        if (met.open.length > 0) {
          // Only a person can settle it; but not where only one side changed, unless something that is not shared stands in the way.
          const oneSide = here === base || there === base
          const occupied = met.open.every((what) => what === 'in-the-way p')
          if (oneSide && !occupied) say(`one side changed: ${met.open.join(', ')}`)
          continue
        }
        const unknown = [here, there].some((place) => Object.keys(place).some(isIgnored))
        const [a, b] = [met.a, met.b].map(({ 'p/': empty, ...rest }) =>
          JSON.stringify(unknown || empty === undefined ? rest : { ...rest, 'p/': empty }),
        )
        if (a !== b) say(`${a} here, ${b} there`)
        const changed = here === base ? there : there === base ? here : undefined
        if (changed !== undefined && !unknown && a !== JSON.stringify(shared(changed)))
          say(`${a} instead of what the one side wanted`)
      }
    expect(wrong).toEqual([])
  })
