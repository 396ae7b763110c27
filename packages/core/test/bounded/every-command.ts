import type { RunChoices } from '../whole-engine/client.ts'
import { rowsOf } from '../whole-engine/checks.ts'
import { tried } from './bound.ts'
import { describeSides, isClashing, lostContents } from './claims.ts'
import { bringAbout } from './every-difference.ts'
import { expected, withoutFilled } from './expected.ts'
import { type Instant, Laboratory } from './laboratory.ts'
import {
  allTrees,
  contentOf,
  isFolder,
  letterOfDigest,
  type Manner,
  textOfTree,
  type Tree,
  treeFrom,
} from './trees.ts'

type Choices = Partial<RunChoices>

const SYNC: Choices = {}
const COMMANDS: readonly Choices[] = [
  SYNC,
  { mode: 'pull' },
  { mode: 'push' },
  { paths: ['a'] },
  { paths: ['d'] },
  { paths: ['d/a'] },
  { mode: 'pull', paths: ['d/a'] },
  { mode: 'push', paths: ['d'] },
  { mode: 'push', override: 'force', paths: ['d/a'] },
  { mode: 'push', override: 'force', paths: ['a'] },
  { mode: 'pull', override: 'force', paths: ['d'] },
  { mode: 'push', override: 'mirror' },
  { mode: 'pull', override: 'mirror' },
  { conflict: 'keep-both' },
  { conflict: 'local' },
  { conflict: 'remote' },
  { conflict: 'newest' },
]

/**
 * Every history of one client, however long: every base that any command can leave behind, every two trees that the sides have become by then, and
 * every command. What a base was left by makes no difference to what comes after it; so each is gone on from once.
 */
export async function everyCommand(
  places: readonly (readonly string[])[],
  manner: Manner,
  tries: number,
): Promise<{ readonly found: readonly string[]; readonly bases: readonly string[] }> {
  const trees = allTrees(places)
  const laboratory = new Laboratory()
  const found: string[] = []
  laboratory.begin(1)
  await laboratory.run(0)
  // Grows while it is gone through. About so many come of these few places.
  const bases = new Map<string, Instant>([['', laboratory.save()]])
  const isTried = tried(trees.length ** 2 * COMMANDS.length * 2 * trees.length, tries)
  let index = 0
  for (const [base, instant] of bases)
    for (const remote of trees)
      for (const local of trees)
        for (const choices of COMMANDS) {
          if (!isTried(index++)) continue
          laboratory.restore(instant)
          await bringAbout(laboratory, { local, remote }, manner)
          const violations = await violationsOf(laboratory, treeFrom(base), choices)
          for (const violation of violations)
            found.push(
              `[${base} | ${textOfTree(local)} | ${textOfTree(remote)}] ${JSON.stringify(choices)} ${violation}`,
            )
          if (found.length > 5) return { found, bases: [...bases.keys()] }
          const left = textOfTree(await baseOf(laboratory))
          // Conflict copies have names of their own.
          if (!left.includes('(') && !bases.has(left)) bases.set(left, laboratory.save())
        }
  return { found, bases: [...bases.keys()] }
}

async function violationsOf(
  laboratory: Laboratory,
  base: Tree,
  choices: Choices,
): Promise<readonly string[]> {
  const found: string[] = []
  const before = { base, local: laboratory.local(0), remote: laboratory.remote }
  const { report, actions } = await laboratory.run(0, choices)
  found.push(...laboratory.world.violations)
  // It named what there is not.
  if (report === undefined) return found
  const after = { local: laboratory.local(0), remote: laboratory.remote }
  const conflicts = report.conflicts.map(({ path }) => path).toSorted()
  const outcome = describeSides(after.local, after.remote, conflicts)
  if (choices === SYNC) {
    const want = expected(base, before.local, before.remote)
    const wanted = describeSides(want.local, want.remote, want.conflicts)
    if (outcome !== wanted) found.push(`became ${outcome}, not ${wanted}`)
  }
  const isSame = (one: Tree, other: Tree): boolean => textOfTree(one) === textOfTree(other)
  const { mode, override, conflict } = choices
  if (mode === 'pull' && !isSame(before.remote, after.remote))
    found.push('a pull changed the remote')
  if (mode === 'push' && !isSame(before.local, after.local)) found.push('a push changed files here')
  const isDecided = override === 'mirror' || ['keep-both', 'local'].includes(conflict ?? '')
  if (isDecided && conflicts.length + report.problems.length === 0)
    if (!isSame(after.local, withoutFilled(after.remote)))
      found.push(`left a difference: ${outcome}`)
  if (isClashing(after.remote)) found.push(`a file stands above others on the remote: ${outcome}`)
  const lost = lostContents(before, { remote: after.remote, disks: [laboratory.disk(0)] })
  if (lost.length > 0) found.push(`lost ${lost.join()}: ${actions.join()} ${outcome}`)
  return [...found, ...(await claimsOf(laboratory))]
}

/** The base must not lead: what it says of a side that is as it was then is so. */
async function claimsOf(laboratory: Laboratory): Promise<readonly string[]> {
  const base = await baseOf(laboratory)
  const { report } = await laboratory.run(0, { dryRun: true })
  const [local, remote] = [laboratory.local(0), laboratory.remote]
  if (report === undefined || report.conflicts.length + report.problems.length > 0) return []
  const isIdle = Object.values(report.totals).every(
    (total) => typeof total !== 'number' || total === 0,
  )
  if (!isIdle || report.totals.uploaded.files + report.totals.downloaded.files > 0) return []
  // A row of what neither side holds says nothing.
  const rows = new Map([...base].filter(([path]) => local.has(path) || remote.has(path)))
  return textOfTree(local) === textOfTree(rows) &&
    textOfTree(withoutFilled(remote)) === textOfTree(rows)
    ? []
    : [`says that all is the same: ${describeSides(local, remote, [])}`]
}

async function baseOf(laboratory: Laboratory): Promise<Tree> {
  const rows = await rowsOf(laboratory.client(0), laboratory.time)
  return new Map(
    rows.map(({ path, entry: { sha256, executable } }) => [
      path,
      isFolder(path) ? '' : contentOf(letterOfDigest(sha256)) + (executable ? '*' : ''),
    ]),
  )
}
