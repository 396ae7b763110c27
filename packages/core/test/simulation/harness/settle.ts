import { storeSnapshot } from './checks.ts'
import type { Client } from './client.ts'
import type { Run } from './run.ts'

const MOST_ROUNDS = 10

/**
 * Peace: nobody edits, nothing fails, and everybody syncs in turn, keeping both sides of every conflict, until all is equal. What no policy
 * settles (a file where others have a folder), a person settles by a rename. Then one more round must change nothing.
 */
export async function settle(run: Run): Promise<void> {
  const { clients, scheduler } = run
  const pause = scheduler.process('peace')
  // Whatever still travels towards the store arrives; clocks leave what is young behind.
  await scheduler.sleep(pause, 60_000)
  await run.checkRows()
  for (let round = 1; round <= MOST_ROUNDS; round++) {
    const stuck = new Set<string>()
    for (const client of clients) {
      const report = await run.start(client, { peaceful: true, policy: 'keep-both' })
      for (const { path } of [...(report?.conflicts ?? []), ...(report?.problems ?? [])])
        stuck.add(path)
      await scheduler.sleep(pause, 5000)
    }
    if (run.violations.length > 0) return
    if (stuck.size === 0 && run.differences().length === 0) break
    if (stuck.size > 0 && round >= 2) untangle(run)
  }
  await run.checkRows()
  const before = run.snapshots() + run.versions()
  for (const client of clients) await run.start(client, { peaceful: true, policy: 'keep-both' })
  if (run.snapshots() + run.versions() !== before)
    run.violations.push({ kind: 'restless', message: 'a sync with nothing to do did something' })
}

/** A person moves one of two things out of the way that cannot both have the name. */
function untangle(run: Run): void {
  const trees: ReadonlyMap<string, string>[] = [
    storeSnapshot(run.store.memory),
    ...run.clients.map((client) => client.snapshot()),
  ]
  const names = new Set(trees.flatMap((tree) => [...tree.keys()]))
  for (const path of names) {
    if (path.endsWith('/') || ![...names].some((name) => name.startsWith(`${path}/`))) continue
    const withFile = run.clients.filter((client) => client.read(path) !== undefined)
    const [movers, kind] =
      withFile.length > 0
        ? [withFile, 'file']
        : [run.clients.filter((client) => client.files.find(path)?.kind === 'folder'), 'folder']
    for (const client of movers)
      move(run, client, path, `${path.replaceAll('/', '-')}-${kind}-of-${client.name}`)
    return
  }
}

function move(run: Run, client: Client, from: string, to: string): void {
  const before = client.tree()
  if (client.rename(from, to))
    run.history.acted(client.name, `moves ${from} out of the way`, before, client.tree())
}
