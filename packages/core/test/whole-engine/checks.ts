import { createHash } from 'node:crypto'
import type { BaseEntry } from '../../src/model/entry.ts'
import type { MemoryStore } from '../../src/provider/index.ts'
import { openState } from '../../src/state/open-state.ts'
import type { Client } from './client.ts'
import type { Actor, Scheduler } from './scheduler.ts'

/** Content that is somewhere, also where no run looks. */
export function everywhere(store: MemoryStore, clients: readonly Client[]): Set<string> {
  const all = new Set<string>()
  for (const { bytes } of store.objects.values()) all.add(new TextDecoder().decode(bytes))
  for (const { disk } of clients) for (const content of disk.contents()) all.add(content)
  return all
}

export async function rowsOf(client: Client, scheduler: Scheduler) {
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
export function checkBase(
  client: Client,
  store: MemoryStore,
  violations: string[],
  rows: readonly {
    readonly path: string
    readonly entry: BaseEntry
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

export function checkEqual(
  clients: readonly Client[],
  store: MemoryStore,
  violations: string[],
): void {
  const shape = (files: Iterable<readonly [string, string]>): string =>
    JSON.stringify([...files].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  const remote = shape(
    [...store.objects]
      .filter(([key]) => !key.startsWith('.lsync/') && !isFilled(key, store))
      .map(([key, { bytes, metadata }]) => {
        if (key.endsWith('/')) return [key, 'empty'] as const
        const text = new TextDecoder().decode(bytes)
        const { type, executable } = metadata.user
        if (type === 'link') return [key, `-> ${text}`] as const
        return [key, executable === 'true' ? `${text} (executable)` : text] as const
      }),
  )
  for (const { name, disk } of clients) {
    const links = [...disk.links()].map(([path, target]) => [path, `-> ${target}`] as const)
    const files = [...disk.files()].map(([path, text]) => {
      const executable = disk.peek(path)?.executable === true
      return [path, executable ? `${text} (executable)` : text] as const
    })
    const all = disk.folders()
    const empty = all
      .filter(
        (folder) =>
          ![...all, ...disk.files().keys(), ...disk.links().keys()].some((path) =>
            path.startsWith(`${folder}/`),
          ),
      )
      .map((folder) => [`${folder}/`, 'empty'] as const)
    const local = shape([...files, ...links, ...empty])
    if (local !== remote) violations.push(`${name} and the store differ: ${local} ${remote}`)
  }
}

/** The mark of a folder that holds something says nothing. */
function isFilled(key: string, { objects }: MemoryStore): boolean {
  return (
    key.endsWith('/') && [...objects.keys()].some((other) => other !== key && other.startsWith(key))
  )
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
