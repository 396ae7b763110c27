import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { CONTRACT_VERSION, LsyncError, type ProviderModule } from '@lsync/core'
import type { Declared, DeclaredProvider } from './providers.ts'

/** The module for a scheme. LsyncError `unknown-scheme`, or `provider-broken` with the plugin and the cause. */
export async function providerFor(declared: Declared, scheme: string): Promise<ProviderModule> {
  const entry = declared.providers.get(scheme)
  if (entry !== undefined) return loadProvider(entry)
  const rejected = declared.rejected.find((one) => one.scheme === scheme)
  if (rejected !== undefined) throw broken(scheme, rejected.plugin, rejected.reason)
  throw new LsyncError('unknown-scheme', `no provider for ${scheme}://`, {
    scheme,
    known: [...declared.providers.keys()].map((name) => `${name}://`).join(', '),
  })
}

/** LsyncError `provider-broken`. */
export async function loadProvider({
  scheme,
  plugin,
  specifier,
  root,
  type,
}: DeclaredProvider): Promise<ProviderModule> {
  let module: ProviderModule | undefined
  try {
    // From the plugin's own place: it may bring its own dependencies, and its own copy of core.
    const { resolve } = createRequire(join(root, 'package.json'))
    const loaded: { readonly default?: ProviderModule } = await import(
      pathToFileURL(resolve(specifier)).href
    )
    module = loaded.default
  } catch (error) {
    const reason = error instanceof Error ? firstLine(error) : String(error)
    const { code } = (error ?? {}) as { readonly code?: unknown }
    const unbuilt = type === 'link' && String(code).endsWith('NOT_FOUND')
    throw broken(scheme, plugin, `${reason}${unbuilt ? notBuilt(root) : ''}`, error)
  }
  // The type is what the plugin promises; what it brings is looked at. The version first: another one may have another shape.
  const { contract } = (module ?? {}) as Partial<ProviderModule>
  if (typeof contract === 'number' && contract !== CONTRACT_VERSION)
    throw broken(
      scheme,
      plugin,
      `it is built for version ${contract} of the contract with providers, this lsync has ${CONTRACT_VERSION}: ${contract > CONTRACT_VERSION ? 'update lsync' : 'it needs an update'}`,
    )
  const missing = FUNCTIONS.filter((name) => typeof module?.[name] !== 'function')
  if (module === undefined || contract === undefined || missing.length > 0)
    throw broken(
      scheme,
      plugin,
      missing.length === FUNCTIONS.length
        ? 'its module exports no provider as default'
        : `what its module exports as default has no ${contract === undefined ? 'contract' : missing.join(', ')}`,
    )
  if (typeof module.settings !== 'object' || module.settings === null)
    throw broken(scheme, plugin, 'what its module exports as default has no settings')
  if (module.scheme !== scheme)
    throw broken(scheme, plugin, `its module is for ${module.scheme}://`)
  return module
}

const FUNCTIONS = ['normalize', 'open', 'overlaps'] as const

function broken(scheme: string, plugin: string, reason: string, cause?: unknown): LsyncError {
  return new LsyncError(
    'provider-broken',
    `the plugin ${plugin} cannot be used`,
    { scheme, plugin, reason },
    cause,
  )
}

/** Somebody works on it. */
function notBuilt(root: string): string {
  return ` (it is linked from ${root}: install what it needs there, and build it)`
}

/** Node's own go on for lines, with the stack of who asked. */
function firstLine({ message }: Error): string {
  return message.split('\n')[0] ?? message
}
