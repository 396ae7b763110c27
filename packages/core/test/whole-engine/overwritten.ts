import { everywhere } from './checks.ts'
import { newClient, startRun } from './client.ts'
import { finishRun, newWorld } from './simulate.ts'

/**
 * One client changes a file on the remote; another one, which never saw that, forces its own over it, and dies after so many steps. What was
 * overwritten must be somewhere: on the remote still, or in a trash.
 * @returns whether it died, and whether the content is gone
 */
async function forced(
  deathAfter: number,
  powerCut: boolean,
): Promise<{ readonly died: boolean; readonly lost: boolean }> {
  const world = newWorld(1, {})
  const { scheduler } = world
  const a = newClient(world, 'a')
  const b = newClient(world, 'b')
  for (const name of ['w', 'x', 'y', 'z']) a.disk.write(name, `content of ${name}`)
  await finishRun(world, a)
  await finishRun(world, b)
  a.disk.write('x', 'by a')
  await finishRun(world, a)
  b.disk.write('x', 'by b')
  for (const { disk } of [a, b]) disk.sync()
  // Only what a later client can reach counts: the one that wrote it may have gone on.
  a.disk.delete('x')

  let steps = 0
  let died = false
  const choices = { mode: 'push', conflict: 'manual', paths: ['x'], override: 'force' } as const
  await scheduler.run(startRun(world, b, choices), () => {
    if (steps++ !== deathAfter) return
    died = true
    scheduler.kill(b.actor)
    if (powerCut) b.disk.powerCut()
  })
  return { died, lost: !everywhere(world.store, [b]).has('by a') }
}

/** Every instant of the run, and its end. */
export async function everyForce(): Promise<readonly string[]> {
  const found: string[] = []
  for (const powerCut of [false, true])
    for (let deathAfter = 0, died = true; died; deathAfter++) {
      const force = await forced(deathAfter, powerCut)
      ;({ died } = force)
      if (force.lost)
        found.push(`lost with a death after ${deathAfter} steps${powerCut ? ', power cut' : ''}`)
    }
  return found
}
