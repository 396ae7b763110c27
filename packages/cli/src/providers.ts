/** What is needed of oclif's configuration: its plugins. */
export interface Plugins {
  readonly plugins: ReadonlyMap<
    string,
    {
      readonly name: string
      readonly version: string
      readonly type: string
      readonly root: string
      readonly pjson: object
    }
  >
}

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
export function declaredProviders(config: Plugins): ReadonlyMap<string, DeclaredProvider> {
  const rank = ['user', 'link', 'root', 'core', 'dev']
  const plugins = [...config.plugins.values()].toSorted(
    (a, b) => rank.indexOf(a.type) - rank.indexOf(b.type) || a.name.localeCompare(b.name),
  )
  const found = new Map<string, DeclaredProvider>()
  for (const plugin of plugins) {
    for (const [scheme, specifier] of declarations(plugin.pjson))
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

/** What a package.json that anybody may have written declares; what makes no sense is left out. */
function declarations(pjson: object): readonly (readonly [scheme: string, specifier: string])[] {
  const lsync: unknown = 'lsync' in pjson ? pjson.lsync : undefined
  const providers: unknown =
    typeof lsync === 'object' && lsync !== null && 'providers' in lsync
      ? lsync.providers
      : undefined
  if (typeof providers !== 'object' || providers === null) return []
  return Object.entries(providers).filter(
    (entry): entry is [string, string] =>
      /^[a-z][a-z0-9+.-]*$/.test(entry[0]) && typeof entry[1] === 'string',
  )
}
