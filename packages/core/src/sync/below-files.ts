import { runPool } from '../execute/pool.ts'
import type { Path } from '../model/entry.ts'
import { ancestorsOf, isWithin } from '../model/path.ts'
import type { Action } from '../model/plan.ts'
import type { Problem } from '../model/problem.ts'
import type { PlanContext } from './plan-context.ts'

/**
 * Leaves out what is new below a file of the remote. Names above the named paths are not seen with them, and a store of keys takes `a/b` beside `a`,
 * of which nobody could sync both: so those names are asked for, one question for each folder that something new comes into.
 */
export async function withoutBelowFiles(
  {
    provider,
    jobs,
    signal,
    remoteStream,
  }: Pick<PlanContext, 'provider' | 'jobs' | 'signal' | 'remoteStream'>,
  actions: readonly Action[],
  within: readonly Path[],
): Promise<{ readonly actions: readonly Action[]; readonly problems: readonly Problem[] }> {
  const unseen = ({ path }: Action): readonly Path[] =>
    ancestorsOf(path).filter((folder) => !isWithin(folder, within))
  const isAsked = remoteStream === undefined
  const asked = new Set(isAsked ? actions.filter(isNewThere).flatMap(unseen) : [])
  const files = new Set<Path>()
  await runPool(asked, jobs, signal, async (folder, both) => {
    if ((await provider.head(folder, { signal: both })) !== undefined) files.add(folder)
  })
  if (files.size === 0) return { actions, problems: [] }
  const problems = new Map<Action, Problem>()
  for (const action of actions.filter(isNewThere)) {
    const file = unseen(action).find((folder) => files.has(folder))
    if (file !== undefined)
      problems.set(action, {
        path: action.path,
        code: 'below-a-file',
        detail: `${file} is a file there, and was not named`,
      })
  }
  return {
    actions: actions.filter((action) => !problems.has(action)),
    problems: [...problems.values()],
  }
}

function isNewThere(action: Action): boolean {
  return action.kind === 'upload' && action.expect.kind === 'absent'
}
