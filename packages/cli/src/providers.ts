import type { Config } from '@oclif/core'

/** A scheme and the plugin that brings it. Nothing of the plugin is loaded to know this. */
export interface DeclaredProvider {
  readonly scheme: string
  readonly plugin: string
  readonly version: string
  readonly type: string
  readonly root: string
  readonly specifier: string
}

/**
 * The providers that plugins declare in their package.json: `"lsync": { "providers": { "SCHEME": "MODULE" } }`.
 * A plugin that the user installed comes before one that lsync brings; within a kind the name decides, since oclif's order is not stable.
 */
export function declaredProviders(config: Config): ReadonlyMap<string, DeclaredProvider> {
  const rank = ['user', 'link', 'root', 'core', 'dev']
  const plugins = [...config.plugins.values()].toSorted(
    (a, b) => rank.indexOf(a.type) - rank.indexOf(b.type) || a.name.localeCompare(b.name),
  )
  const found = new Map<string, DeclaredProvider>()
  for (const plugin of plugins) {
    const declared = (plugin.pjson as { lsync?: { providers?: Record<string, string> } }).lsync
      ?.providers
    for (const [scheme, specifier] of Object.entries(declared ?? {}))
      if (!found.has(scheme))
        found.set(scheme, {
          scheme,
          plugin: plugin.name,
          version: plugin.version,
          type: plugin.type,
          root: plugin.root,
          specifier,
        })
  }
  return new Map([...found].toSorted(([a], [b]) => a.localeCompare(b)))
}
