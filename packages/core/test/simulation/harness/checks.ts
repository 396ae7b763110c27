import { hash } from 'node:crypto'
import type { World } from '../../../src/disk/clock.ts'
import { localUnchanged } from '../../../src/decide/unchanged.ts'
import { compareKeys, type MemoryStore } from '../../../src/provider/index.ts'
import type { Client } from './client.ts'
import type { Engine } from './engine.ts'
import type { FaultyStore } from './faulty-store.ts'
import type { History } from './history.ts'
import { statOf } from './inode.ts'
import { memoryDisk } from './memory-disk.ts'

/** What a run did wrong. */
export interface Violation {
  readonly kind:
    /** A content that is owed lies nowhere at all. */
    | 'lost'
    /** It lies in a trash (or in the staging folder) only. */
    | 'only-in-trash'
    /** Clients and store are not equal after everybody has synced in peace. */
    | 'unequal'
    /** A sync with nothing to do did something. */
    | 'restless'
    /** A row of the database claims what is not so. */
    | 'false-row'
    /** A run ended and left effects under way. */
    | 'unattended'
    /** A run ended by an error that no fault of the store explains. */
    | 'failed'
  readonly message: string
}

const decoder = new TextDecoder()
const OWN = '.lsync/'

/** The store as `Client.snapshot` shows a tree. */
export function storeSnapshot({ objects }: MemoryStore): Map<string, string> {
  const all = new Map<string, string>()
  for (const [key, { bytes, metadata }] of objects) {
    if (key.startsWith(OWN)) continue
    if (key.endsWith('/')) all.set(key, decoder.decode(bytes))
    else
      all.set(key, `${metadata.user['executable'] === 'true' ? 'x' : '-'}${decoder.decode(bytes)}`)
  }
  return all
}

export function storeTree({ objects }: MemoryStore): Map<string, string> {
  return new Map(
    [...objects]
      .filter(([key]) => !key.startsWith(OWN) && !key.endsWith('/'))
      .map(([key, { bytes }]) => [key, decoder.decode(bytes)]),
  )
}

/** The keys in which two snapshots differ, with both values. */
export function difference(
  a: ReadonlyMap<string, string>,
  b: ReadonlyMap<string, string>,
): readonly string[] {
  return [...new Set([...a.keys(), ...b.keys()])]
    .filter((path) => a.get(path) !== b.get(path))
    .toSorted(compareKeys)
    .map((path) => `${path}: ${show(a.get(path))} | ${show(b.get(path))}`)
}

function show(value: string | undefined): string {
  return value === undefined ? 'nothing' : JSON.stringify(value.trim())
}

/** (a) What is owed must be live: in some tree or on the store. */
export function checkOwed(
  history: History,
  clients: readonly Client[],
  store: FaultyStore,
): readonly Violation[] {
  const live = new Set(storeTree(store.memory).values())
  for (const client of clients) for (const content of client.tree().values()) live.add(content)
  return history.owed.flatMap((content): Violation[] => {
    if (live.has(content)) return []
    const places = `${content.trim()} of ${history.placesOf(content).join(', ')}`
    const hiding = clients.filter((client) => {
      const { trash, other } = client.hidden()
      return trash.has(content) || other.has(content)
    })
    return hiding.length > 0
      ? [
          {
            kind: 'only-in-trash',
            message: `${places} lies in the trash of ${hiding.map(({ name }) => name).join(', ')} only`,
          },
        ]
      : [{ kind: 'lost', message: `${places} lies nowhere` }]
  })
}

/** (b) All trees and the store are equal. */
export function checkEqual(
  clients: readonly Client[],
  store: FaultyStore,
  { folders, contentOnly }: { readonly folders: boolean; readonly contentOnly: boolean },
): readonly Violation[] {
  const visible = (all: Map<string, string>): Map<string, string> =>
    new Map(
      [...all]
        .filter(([path]) => (folders && !contentOnly) || !path.endsWith('/'))
        // The first character is the bit.
        .map(([path, value]) => [path, contentOnly ? value.slice(1) : value]),
    )
  const remote = visible(storeSnapshot(store.memory))
  return clients.flatMap((client): Violation[] => {
    const differences = difference(visible(client.snapshot()), remote)
    return differences.length === 0
      ? []
      : [{ kind: 'unequal', message: `${client.name} | store: ${differences.join('; ')}` }]
  })
}

/** (c) Wherever a side still shows the fingerprint of a row, it holds what the row says; and no row names a version of another content. */
export async function checkRows(
  engine: Engine,
  client: Client,
  store: FaultyStore,
  world: World,
): Promise<readonly Violation[]> {
  if (engine.rows === undefined) return []
  const disk = memoryDisk(client.files, async () => undefined)
  const violations: Violation[] = []
  for (const { path, entry } of await engine.rows(disk, world)) {
    if (entry.type !== 'file') continue
    const wrong = (what: string): void => {
      violations.push({ kind: 'false-row', message: `${client.name}: the row of ${path} ${what}` })
    }
    const inode = client.files.find(path)
    if (inode?.kind === 'file') {
      const local = { type: 'file', stat: statOf(inode), seen: 0 } as const
      if (localUnchanged(entry, local) && sha256(inode.data) !== entry.sha256)
        wrong(`takes the local file for what it is not: ${show(decoder.decode(inode.data))}`)
    }
    const version = store.versions.get(entry.remote.version)
    if (version === undefined) wrong('names a version that never was')
    else if (version.key !== path || version.sha256 !== entry.sha256)
      wrong(
        `takes version ${entry.remote.version} (of ${version.key}, ${version.sha256.slice(0, 8)}) for ${entry.sha256.slice(0, 8)}`,
      )
  }
  return violations
}

function sha256(data: Uint8Array): string {
  return hash('sha256', data, 'hex')
}
