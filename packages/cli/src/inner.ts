import { join } from 'node:path'
import type { Machine, Nested, Repository } from '@lsync/core'
import { nestedFacts } from './facts.ts'
import type { Described } from './messages/describe.ts'
import { EXIT } from './messages/exit.ts'

/** What a command did in one repository. */
export interface Part {
  /** For the document. */
  readonly facts: Readonly<Record<string, unknown>>
  readonly exit: number
  readonly nested: readonly Nested[]
}

/** A command that goes on into the repositories within one. Names are paths from the outermost repository. */
export interface Recursion {
  /** Before a part: what follows is about this repository. */
  readonly enter: (name: string) => void
  readonly run: (repository: Repository, paths: readonly string[]) => Promise<Part>
  /** A failure ends the part, not the command; rethrown where it ends that too. */
  readonly failed: (name: string, error: unknown) => Promise<Described>
  /** Makes one that is elsewhere a repository here; absent where none is brought. */
  readonly bring?: (outer: Repository, nested: Nested, name: string) => Promise<Repository>
}

/** Runs a command in the repositories within one, and in those within them, after it was run in that one. */
export async function runInner(
  machine: Machine,
  repository: Repository,
  paths: readonly string[],
  part: Part,
  recursion: Recursion,
  prefix = '',
): Promise<{ readonly facts: Readonly<Record<string, unknown>>; readonly exit: number }> {
  const nested: object[] = []
  let { exit } = part
  for (const one of part.nested) {
    const scopes = pathsWithin(one.path, paths)
    const comes =
      one.state === 'elsewhere' && one.leftOver.here === 0 && recursion.bring !== undefined
    if (scopes === undefined || !(comes || HERE.has(one.state))) {
      nested.push(nestedFacts(one))
      continue
    }
    const name = prefix === '' ? one.path : `${prefix}/${one.path}`
    try {
      const inner = comes
        ? await recursion.bring(repository, one, name)
        : await open(machine, join(repository.root, one.path))
      recursion.enter(name)
      const own = await recursion.run(inner, scopes)
      const whole = await runInner(machine, inner, scopes, own, recursion, name)
      nested.push({ ...nestedFacts(one), run: { ...whole.facts, exitCode: whole.exit } })
      exit = worse(exit, whole.exit)
    } catch (error) {
      const { code, message, hint, exit: failed } = await recursion.failed(name, error)
      const facts = { code, message, ...(hint === undefined ? {} : { hint }) }
      nested.push({ ...nestedFacts(one), run: { error: facts, exitCode: failed } })
      exit = worse(exit, failed)
    }
  }
  return { facts: { ...part.facts, nested }, exit }
}

async function open(machine: Machine, root: string): Promise<Repository> {
  const { LsyncError, openRepository } = await import('@lsync/core')
  const found = await openRepository(machine, root)
  // It went meanwhile: what is found above it has been run.
  if (found.root !== root)
    throw new LsyncError('not-a-repository', `${root} is no repository any more`, { folder: root })
  return found
}

/** An unfinished one too: what is wrong with it is said as it would be there, and is no success. */
const HERE: ReadonlySet<Nested['state']> = new Set(['here', 'kept', 'differs', 'unfinished'])

/** The named paths as those of the nested repository; undefined if none is about it. */
export function pathsWithin(
  nested: string,
  paths: readonly string[],
): readonly string[] | undefined {
  const whole = paths.some(
    (path) => path === '' || nested === path || nested.startsWith(`${path}/`),
  )
  if (paths.length === 0 || whole) return []
  const below = paths.flatMap((path) =>
    path.startsWith(`${nested}/`) ? [path.slice(nested.length + 1)] : [],
  )
  return below.length > 0 ? below : undefined
}

const WORST_FIRST: readonly number[] = [
  EXIT.bug,
  EXIT.halted,
  EXIT.remote,
  EXIT.locked,
  EXIT.usage,
  EXIT.conflicts,
  EXIT.problems,
  EXIT.pending,
  EXIT.done,
]

/** Of several repositories, the one that needs a person most decides. */
export function worse(a: number, b: number): number {
  return WORST_FIRST.indexOf(a) <= WORST_FIRST.indexOf(b) ? a : b
}
