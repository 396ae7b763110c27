import { realpath } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { pathInRepository, type Repository } from '@lsync/core'
import * as Args from '@oclif/core/args'
import { wrongUsage } from './messages/usage.ts'

/** Any number of paths. Never from stdin, where oclif would look for an argument that is not given: a cron job or a loop has other things there. */
export const pathsArgument = {
  paths: Args.string({
    description: 'files or folders; none = the whole repository',
    ignoreStdin: true,
    multiple: true,
  }),
}

/** A path of the command line as the repository's own; LsyncError `outside-repository`. */
export async function repositoryPath(
  repository: Repository,
  folder: string,
  path: string,
): Promise<string> {
  // An unset variable in a script must not mean everything.
  if (path === '') throw wrongUsage('A path is empty; . is this folder')
  const absolute = resolve(folder, path)
  if (absolute === repository.root) return ''
  return pathInRepository(repository, join(await physical(dirname(absolute)), basename(absolute)))
}

/** Without symbolic links on the way, as far as it exists: the repository's root is known by its real name. What is removed may still be named. */
async function physical(folder: string): Promise<string> {
  try {
    return await realpath(folder)
  } catch {
    const above = dirname(folder)
    return above === folder ? folder : join(await physical(above), basename(folder))
  }
}
