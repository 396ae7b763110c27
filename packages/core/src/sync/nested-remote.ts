import type { Pointer } from '../model/nested.ts'
import { parseConfig } from '../state/config.ts'
import { CONFIG } from '../state/layout.ts'
import { withUserConfig } from '../state/user-config.ts'
import type { Machine } from './api.ts'
import { moduleFor, schemeOf } from './modules.ts'
import type { Repository } from './repository.ts'

/** Whether a remote and that of this repository contain each other: then each would take the other one's objects for its own. */
export async function overlapsOf(
  machine: Machine,
  { root, config }: Repository,
): Promise<(pointer: Pointer) => boolean> {
  const scheme = schemeOf(config.remote)
  const module = await moduleFor(machine, scheme)
  const endpoint = (settings: Pointer['settings']): string | undefined =>
    settings['endpoint'] ?? machine.userConfig?.settings['endpoint']
  return ({ remote, settings }) => {
    if (remote?.startsWith(`${scheme}:`) !== true) return false
    if (endpoint(settings) !== endpoint(config.settings)) return false
    try {
      return module.overlaps(config.remote, module.normalize(remote, { folder: root }))
    } catch {
      // What makes no sense as a remote is found out where it is opened.
      return false
    }
  }
}

/** The repositories that a folder lies in, the nearest first, as far as their configuration can be read. */
export async function repositoriesAbove(
  machine: Machine,
  folder: string,
): Promise<readonly Repository[]> {
  const found: Repository[] = []
  const segments = folder.split('/')
  for (let length = segments.length - 1; length > 0; length--) {
    const root = segments.slice(0, length).join('/') || '/'
    const disk = machine.openDisk(root)
    try {
      const text = await disk.readText(CONFIG)
      if (text !== undefined)
        found.push({
          root,
          disk,
          config: withUserConfig(parseConfig(text, CONFIG), machine.userConfig),
        })
    } catch {
      // Not ours to read, or broken: its own runs say so.
    }
  }
  return found
}
