import { everywhere } from './checks.ts'
import { type Client, newClient, startRun } from './client.ts'
import { finishRun, newWorld, settle } from './simulate.ts'

/** Where the first client's run stops short. */
export interface Stop {
  /** It dies after so many steps; or lives to the end. */
  readonly deathAfter: number
  readonly powerCut: boolean
  /** Only the new name is synced; the old one is left to a later run. */
  readonly onlyNew: boolean
}

/**
 * One client renames y to z and stops short; the other, which may have seen both names by then, renames z to y. Each removes a name while the
 * other one is there to see: only the rule of the last copy keeps the content.
 */
export async function crossedRenames({
  deathAfter,
  powerCut,
  onlyNew,
}: Stop): Promise<{ readonly died: boolean; readonly violations: readonly string[] }> {
  const world = newWorld(1, {})
  const { scheduler, violations } = world
  const a = newClient(world, 'a')
  const b = newClient(world, 'b')
  for (const name of ['x', 'd/x', 'd/y']) a.disk.write(name, `content of ${name}`)
  a.disk.write('y', 'the only content')
  await finishRun(world, a)
  await finishRun(world, b)
  for (const { disk } of [a, b]) disk.sync()
  a.disk.move('y', 'z')

  let steps = 0
  let died = false
  const paths = onlyNew ? ['z'] : []
  await scheduler.run(startRun(world, a, { mode: 'sync', conflict: 'manual', paths }), () => {
    if (steps++ !== deathAfter) return
    died = true
    scheduler.kill(a.actor)
    if (powerCut) a.disk.powerCut()
  })
  await finishRun(world, b)
  if (b.disk.peek('z') !== undefined) b.disk.move('z', 'y')
  await finishRun(world, b)
  await settle(world, [a, b])
  for (const client of [a, b]) if (!holds(client)) violations.push(`lost at ${client.name}`)
  if (!everywhere(world.store, []).has('the only content')) violations.push('lost on the remote')
  return { died, violations }
}

function holds({ disk }: Client): boolean {
  return [...disk.files().values()].includes('the only content')
}

/** Every instant of the first client's run, and its end. */
export async function everyCrossing(): Promise<readonly string[]> {
  const found: string[] = []
  for (const powerCut of [false, true])
    for (const onlyNew of [false, true])
      for (let deathAfter = 0, died = true; died; deathAfter++) {
        const stop = { deathAfter, powerCut, onlyNew }
        const crossing = await crossedRenames(stop)
        ;({ died } = crossing)
        for (const violation of crossing.violations)
          found.push(`${JSON.stringify(stop)}: ${violation}`)
      }
  return found
}
