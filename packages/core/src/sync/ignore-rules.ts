import { ignorer } from '../decide/ignore.ts'
import type { Disk } from '../disk/disk.ts'
import type { Path } from '../model/entry.ts'
import type { RepositoryConfig } from '../state/config.ts'

const RULES = '.lsyncignore'

/** Reads the rules of a repository. Without any file of rules, only the configuration and the defaults hold. */
export async function ignoreRules(
  disk: Disk,
  config: RepositoryConfig,
): Promise<(path: Path) => boolean> {
  const text = await disk.readText(RULES)
  return remembering(
    ignorer(config.ignore, config.only, text === undefined ? [] : [{ folder: '', text }]),
  )
}

/** Neighbours share their folder: the last answers for folders are kept, so that deep trees cost one question a path. */
function remembering(ask: (path: Path) => boolean): (path: Path) => boolean {
  let lastFolder = ''
  let lastAnswer = false
  return (path) => {
    const folder = path.slice(0, path.lastIndexOf('/', path.length - 2) + 1)
    if (folder !== lastFolder) {
      lastFolder = folder
      lastAnswer = folder !== '' && ask(folder)
    }
    return lastAnswer || ask(path)
  }
}
