import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  CONTRACT_VERSION,
  isAlive,
  loadUserConfig,
  LsyncError,
  type Machine,
  nodeDisk,
  nodeWorld,
  processIdentity,
  type ProviderModule,
} from '@lsync/core'
import { type DeclaredProvider, declaredProviders, type Plugins } from './providers.ts'

/** What core needs of this machine. */
export function machineOf(config: Plugins): Machine {
  const self = processIdentity()
  const declared = declaredProviders(config)
  return {
    world: nodeWorld(),
    environment: process.env,
    author: `${nameOfUser()}@${self.host}`,
    providers: {
      schemes: [...declared.keys()],
      get: (scheme) => load(declared, scheme),
    },
    openDisk: nodeDisk,
    userConfig: loadUserConfig(userConfigText(), process.env),
    process: self,
    isAlive,
  }
}

/** Undefined where there is none. */
function userConfigText(): string | undefined {
  const folder = process.env['XDG_CONFIG_HOME'] || join(homedir(), '.config')
  try {
    return readFileSync(join(folder, 'lsync', 'config.yaml'), 'utf8')
  } catch {
    return undefined
  }
}

function nameOfUser(): string {
  try {
    return userInfo().username
  } catch {
    return process.env['USER'] ?? 'unknown'
  }
}

async function load(
  declared: ReadonlyMap<string, DeclaredProvider>,
  scheme: string,
): Promise<ProviderModule> {
  const entry = declared.get(scheme)
  if (entry === undefined)
    throw new LsyncError('unknown-scheme', `no provider for ${scheme}://`, {
      scheme,
      known: [...declared.keys()].map((name) => `${name}://`).join(', '),
    })
  const { plugin, specifier, root } = entry
  const broken = (reason: string, cause?: unknown): LsyncError =>
    new LsyncError(
      'provider-broken',
      `the plugin ${plugin} cannot be used`,
      { scheme, plugin, reason },
      cause,
    )
  let module: ProviderModule | undefined
  try {
    // From the plugin's own place: it may bring its own dependencies, and its own copy of core.
    const { resolve } = createRequire(join(root, 'package.json'))
    const loaded: { readonly default?: ProviderModule } = await import(
      pathToFileURL(resolve(specifier)).href
    )
    module = loaded.default
  } catch (error) {
    throw broken(error instanceof Error ? error.message : String(error), error)
  }
  // The type is what the plugin promises; what it brings is looked at.
  if (typeof module?.open !== 'function' || typeof module.normalize !== 'function')
    throw broken('its module exports no provider as default')
  if (module.contract !== CONTRACT_VERSION)
    throw broken(
      `it is built for version ${String(module.contract)} of the contract with providers, this lsync has ${CONTRACT_VERSION}`,
    )
  return module
}
