import { type IgnoreRules, RULE_FILE } from '../decide/ignore.ts'
import type { Refusal } from '../decide/rule-cost.ts'
import type { Disk } from '../disk/disk.ts'
import type { Path } from '../model/entry.ts'
import { joinPath } from '../model/path.ts'

/** Rules of people are some kilobytes. */
const LARGEST = 1024 * 1024

/**
 * Takes in the rule file of a folder, if there is one.
 * @returns why it cannot be followed, if so: then nothing in the folder may be judged, since what it leaves out would be taken for what it lets in
 */
export async function addRuleFile(
  disk: Disk,
  rules: IgnoreRules,
  folder: Path,
): Promise<Refusal | undefined> {
  const path = joinPath(folder, RULE_FILE)
  const stat = await disk.stat(path)
  if (stat?.kind !== 'file') return undefined
  if (stat.size > LARGEST)
    return { reason: `has ${stat.size} bytes, and at most ${LARGEST} are read as rules` }
  return rules.add(folder, (await disk.readText(path)) ?? '')
}
