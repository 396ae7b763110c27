import { type IgnoreRules, RULE_FILE } from '../decide/ignore.ts'
import type { Refusal } from '../decide/rule-cost.ts'
import type { World } from '../disk/world.ts'
import { type Disk, DiskError, type DiskStat, type FolderItem } from '../disk/disk.ts'
import type { EntryType, LocalEntry, Path, SymlinkPolicy } from '../model/entry.ts'
import { LsyncError } from '../model/errors.ts'
import { type Folding, isReservedName, keyName } from '../model/folding.ts'
import { isWithin, joinPath, leadsInto } from '../model/path.ts'
import type { ProblemCode } from '../model/problem.ts'
import type { Seen, SortedStream } from '../model/side.ts'
import { compareKeys } from '../provider/index.ts'
import { LSYNC } from '../state/layout.ts'
import { addRuleFile } from './rule-file.ts'

export interface ScanOptions {
  /** Only these paths and what lies below them; empty = everything. */
  readonly within: readonly Path[]
  /** Learns the rule files on the way. */
  readonly rules: IgnoreRules
  /** Symbolic links are kept as what they are, or skipped, which makes them unknown. Either way nothing is looked at through one. */
  readonly symlinks: SymlinkPolicy
  readonly folding: Folding
  readonly world: World
  readonly signal: AbortSignal
  /** Entries seen so far, now and then. */
  readonly onProgress?: (entries: number) => void
}

/** Few enough that they are gone before the memory behind them is tidied. */
const PAGE = 64
const STAT_BATCH = 512

/**
 * Walks the disk in key order: the names of a folder are sorted with a slash behind those of folders, so that depth first
 * is the order of the keys. What cannot be seen is unknown, never absent: an unreadable folder hides what is below it.
 */
export async function* scan(disk: Disk, options: ScanOptions): SortedStream<Seen<LocalEntry>> {
  const root = await disk.stat('')
  if (root === undefined || root.kind !== 'folder') throw new DiskError('missing', '', 'is gone')
  const context: WalkContext = {
    disk,
    options,
    device: root.device,
    mounts: await disk.mountPoints(),
    page: [],
    seen: 0,
  }
  for await (const _ of walk(context, '', root)) {
    yield context.page
    context.page = []
  }
  if (context.page.length > 0) yield context.page
}

interface WalkContext {
  readonly disk: Disk
  readonly options: ScanOptions
  readonly device: number
  readonly mounts: ReadonlySet<string>
  page: Seen<LocalEntry>[]
  seen: number
}

/** Fills the page and yields whenever it is full. */
async function* walk(context: WalkContext, folder: string, stat: DiskStat): AsyncGenerator<void> {
  const { options } = context
  options.signal.throwIfAborted()
  const items = await itemsOf(context, folder)
  if (items === undefined) return
  const hasRules = items.some((item) => item.name === RULE_FILE && item.kind === 'file')
  if (hasRules && !(await learnRules(context, folder))) return

  const names = sortedNames(context, folder, items)
  if (folder !== '' && names.kept === 0 && isWithin(folder, options.within)) {
    // A folder that holds only what is ignored is neither empty nor anything else that a remote could hold.
    if (items.length === 0)
      push(context, { path: `${folder}/`, side: present('folder', stat, context) })
    else push(context, { path: `${folder}/`, side: { state: 'unknown' } })
  }

  for (let start = 0; start < names.sorted.length; start += STAT_BATCH) {
    const batch = names.sorted.slice(start, start + STAT_BATCH)
    const stats = await statsOf(context.disk, folder, batch)
    let next = 0
    for (const name of batch) {
      if (name.kind === 'unknown') pushUnseen(context, name)
      else {
        const below = pushSeen(context, name, name.kind, stats[next++])
        if (below !== undefined) yield* walk(context, name.path, below)
      }
      if (context.page.length >= PAGE) {
        options.onProgress?.(context.seen)
        yield
      }
    }
  }
}

/** What a folder holds. Undefined: it is hidden, because nobody can see it or another repository keeps it. */
async function itemsOf(
  context: WalkContext,
  folder: string,
): Promise<readonly FolderItem[] | undefined> {
  const { disk, options } = context
  let items: readonly FolderItem[]
  try {
    items = await disk.list(folder)
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
    // The root itself must be seen: without it, nothing could be told apart from a vanished disk.
    if (folder === '') throw error
    unknownBelow(context, folder, changedMeanwhile(error) ? undefined : 'unreadable')
    return undefined
  }
  if (options.folding.rewrites)
    items = items.map((item) => ({ ...item, name: keyName(item.name, options.folding) }))
  if (folder === '') return items.filter((item) => item.name !== LSYNC)
  if (!items.some((item) => item.name === LSYNC && item.kind === 'folder')) return items
  push(context, { path: `${folder}/`, side: { state: 'unknown' }, below: true, repository: true })
  return undefined
}

/** Whether the folder's rule file could be read. If not, the folder is hidden: what it leaves out would be taken for what it lets in. */
async function learnRules(context: WalkContext, folder: string): Promise<boolean> {
  let refusal: Refusal | undefined
  try {
    refusal = await addRuleFile(context.disk, context.options.rules, folder)
  } catch (error) {
    if (!(error instanceof DiskError) || folder === '') throw error
    unknownBelow(context, folder, 'unreadable')
    return false
  }
  if (refusal === undefined) return true
  if (folder === '') throw refusedAtRoot(refusal)
  const { line, reason } = refusal
  const where = line === undefined ? 'it' : `line ${line}`
  unknownBelow(context, folder, 'bad-rules', `${where} ${reason}`)
  return false
}

/** Of those of the batch that can be looked at, in their order. */
async function statsOf(
  disk: Disk,
  folder: string,
  batch: readonly SortedName[],
): Promise<readonly (DiskStat | DiskError)[]> {
  const names = batch.filter((name) => name.kind !== 'unknown').map((name) => name.item.name)
  try {
    return await disk.statAll(folder, names)
  } catch (error) {
    if (error instanceof DiskError) return names.map(() => error)
    throw error
  }
}

function pushUnseen(context: WalkContext, { key, problem, below }: SortedName): void {
  push(context, {
    path: key,
    side: { state: 'unknown', ...(problem ? { problem } : {}) },
    ...(below ? { below: true } : {}),
  })
}

/** What the listing took for a `kind`. Answers the stat of a folder that is to be walked. */
function pushSeen(
  context: WalkContext,
  { path }: SortedName,
  kind: EntryType,
  found: DiskStat | DiskError | undefined,
): DiskStat | undefined {
  if (found === undefined) throw new DiskError('io', path, 'the disk answered for fewer names')
  if (found instanceof DiskError) {
    if (found.code !== 'missing')
      unknownAt(context, path, kind, changedMeanwhile(found) ? undefined : 'unreadable')
  } else if (found.kind !== kind) {
    // Replaced between the listing and the look: the next run sees what it became.
    unknownAt(context, path, 'file', undefined)
    unknownAt(context, path, 'folder', undefined)
  } else if (kind !== 'folder') {
    if (context.mounts.has(path)) unknownAt(context, path, 'file', 'other-device')
    else push(context, { path, side: present(kind, found, context) })
  } else if (found.device !== context.device || context.mounts.has(path)) {
    unknownBelow(context, path, 'other-device')
  } else return found
  return undefined
}

function refusedAtRoot({ line, reason }: Refusal): LsyncError {
  const facts = { file: RULE_FILE, reason, ...(line === undefined ? {} : { line }) }
  return new LsyncError('bad-configuration', `${RULE_FILE}: ${reason}`, facts)
}

/** It was there a moment ago: whatever it became, the next run sees it. */
function changedMeanwhile({ code }: DiskError): boolean {
  return code === 'missing' || code === 'not-folder'
}

interface SortedName {
  readonly path: string
  /** The path, or with a slash behind it. */
  readonly key: string
  readonly item: FolderItem
  readonly kind: 'file' | 'folder' | 'link' | 'unknown'
  readonly below?: boolean
  readonly problem?: ProblemCode
}

/** The keys of a folder's items in order. Something that is neither file nor folder hides both keys that it might have been. */
function sortedNames(
  context: WalkContext,
  folder: string,
  items: readonly FolderItem[],
): { sorted: SortedName[]; kept: number } {
  const { rules, symlinks, within } = context.options
  const sorted: SortedName[] = []
  let kept = 0
  for (const item of items) {
    const path = joinPath(folder, item.name)
    if (item.kind === 'folder' && item.nameable) {
      const key = `${path}/`
      if (isReservedName(item.name)) {
        sorted.push({ path, key, item, kind: 'unknown', below: true, problem: 'name-reserved' })
      } else if (!rules.enters(path)) sorted.push({ path, key, item, kind: 'unknown', below: true })
      else {
        kept++
        if (leadsInto(path, within)) sorted.push({ path, key, item, kind: 'folder' })
      }
      continue
    }
    if (rules.ignores(path)) {
      sorted.push({ path, key: path, item, kind: 'unknown' })
      continue
    }
    kept++
    const problem = problemOf(item, symlinks)
    if (!isWithin(path, within)) {
      // Named paths lie behind it: they cannot be seen, which is not absence.
      if (problem !== undefined && leadsInto(path, within))
        sorted.push({ path, key: `${path}/`, item, kind: 'unknown', below: true, problem })
      continue
    }
    if (problem === undefined)
      sorted.push({ path, key: path, item, kind: item.kind === 'link' ? 'link' : 'file' })
    else {
      sorted.push({ path, key: path, item, kind: 'unknown', problem })
      sorted.push({ path, key: `${path}/`, item, kind: 'unknown', below: true })
    }
  }
  return { sorted: sorted.toSorted((a, b) => compareKeys(a.key, b.key)), kept }
}

function problemOf(item: FolderItem, symlinks: SymlinkPolicy): ProblemCode | undefined {
  if (!item.nameable) return 'name-not-utf8'
  if (isReservedName(item.name)) return 'name-reserved'
  if (item.kind === 'link') return symlinks === 'skip' ? 'symbolic-link' : undefined
  return item.kind === 'special' ? 'special-file' : undefined
}

function present(type: EntryType, stat: DiskStat, context: WalkContext) {
  const entry: LocalEntry = { type, stat, seen: context.options.world.now() }
  return { state: 'present', entry } as const
}

function push(context: WalkContext, item: Seen<LocalEntry>): void {
  context.page.push(item)
  context.seen++
}

function unknownAt(
  context: WalkContext,
  path: string,
  kind: 'file' | 'folder' | 'link',
  problem: ProblemCode | undefined,
): void {
  if (kind === 'folder') unknownBelow(context, path, problem)
  else push(context, { path, side: { state: 'unknown', ...(problem ? { problem } : {}) } })
}

function unknownBelow(
  context: WalkContext,
  folder: string,
  problem: ProblemCode | undefined,
  detail?: string,
): void {
  push(context, {
    path: `${folder}/`,
    side: { state: 'unknown', ...(problem ? { problem } : {}), ...(detail ? { detail } : {}) },
    below: true,
  })
}
