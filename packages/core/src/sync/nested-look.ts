import { IgnoreRules, type IgnoreSettings } from '../decide/ignore.ts'
import type { PointerHere } from '../decide/nested.ts'
import { DiskError, type Disk } from '../disk/disk.ts'
import type { Path } from '../model/entry.ts'
import { ancestorsOf, joinPath } from '../model/path.ts'
import { addRuleFile } from '../scan/rule-file.ts'
import { parseConfig } from '../state/config.ts'
import { isSharedSetting } from '../state/settings.ts'
import { CONFIG, LSYNC } from '../state/layout.ts'

/** What lies at the path now, without following links, and without looking where this repository must not. */
export async function lookForRepository(
  { disk, ignore }: { readonly disk: Disk; readonly ignore: IgnoreSettings },
  path: Path,
): Promise<PointerHere> {
  try {
    const root = await disk.stat('')
    const mounts = await disk.mountPoints()
    const rules = new IgnoreRules(ignore)
    if ((await addRuleFile(disk, rules, '')) !== undefined) return 'unknown'
    for (const folder of [...ancestorsOf(path), path]) {
      if (folder === path ? rules.ignores(`${folder}/`) : !rules.enters(folder)) return 'unknown'
      const stat = await disk.stat(folder)
      if (stat === undefined || stat.kind === 'file') return 'absent'
      if (stat.kind !== 'folder' || stat.device !== root?.device || mounts.has(folder))
        return 'unknown'
      if (folder !== path && (await disk.stat(joinPath(folder, LSYNC)))?.kind === 'folder')
        return 'unknown'
      if ((await addRuleFile(disk, rules, folder)) !== undefined) return 'unknown'
    }
    if ((await disk.stat(joinPath(path, LSYNC)))?.kind !== 'folder') return 'absent'
    const text = await disk.readText(joinPath(path, CONFIG))
    return text === undefined ? 'unfinished' : pointerOf(text)
  } catch (error) {
    if (error instanceof DiskError) return 'unknown'
    throw error
  }
}

/** What of its configuration others may know. A broken one is the nested repository's own trouble. */
function pointerOf(configuration: string): PointerHere {
  try {
    const { remote, repository, settings } = parseConfig(configuration, CONFIG)
    return {
      remote,
      ...(repository === undefined ? {} : { id: repository }),
      settings: Object.fromEntries(
        Object.entries(settings).filter(([key, value]) => isSharedSetting(key, value)),
      ),
    }
  } catch {
    return 'unfinished'
  }
}
