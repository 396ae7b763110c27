import { readFileSync } from 'node:fs'
import { homedir, hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import { diskError, loadUserConfig, LsyncError, type Machine, nodeMachine } from '@lsync/core'
import { providerFor } from './load-provider.ts'
import { declaredProviders, type Plugins } from './providers.ts'

/** What core needs of this machine. */
export function machineOf(config: Plugins): Machine {
  const declared = declaredProviders(config)
  return nodeMachine({
    environment: process.env,
    author: `${nameOfUser()}@${hostname()}`,
    providers: {
      schemes: [...declared.providers.keys()],
      get: (scheme) => providerFor(declared, scheme),
    },
    userConfig: loadUserConfig(userConfigText(), process.env),
  })
}

/** Undefined where there is none; LsyncError `disk` for one that cannot be read: what it leaves out must not be uploaded without it. */
function userConfigText(): string | undefined {
  const folder = process.env['XDG_CONFIG_HOME'] || join(homedir(), '.config')
  const path = join(folder, 'lsync', 'config.yaml')
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    const reason = diskError(path, error).message
    throw new LsyncError('disk', `${path}: ${reason}`, { path, reason }, error)
  }
}

function nameOfUser(): string {
  try {
    return userInfo().username
  } catch {
    return process.env['USER'] ?? 'unknown'
  }
}
