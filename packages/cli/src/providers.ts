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
  /** oclif's word for where it comes from: `core` with lsync itself, `user` and `link` by this person. */
  readonly type: string
  readonly root: string
  readonly specifier: string
  /** Plugins that bring the scheme too and give way to this one, by name. */
  readonly replaces: readonly string[]
}

/** What a plugin declares and lsync cannot use, with the cause. */
export interface RejectedProvider {
  /** Undefined where the declaration does not even tell. */
  readonly scheme: string | undefined
  readonly plugin: string
  readonly version: string
  readonly type: string
  /** Goes on after the plugin's name and a colon. */
  readonly reason: string
}

export interface Declared {
  /** By scheme, in its order. */
  readonly providers: ReadonlyMap<string, DeclaredProvider>
  readonly rejected: readonly RejectedProvider[]
}

/**
 * The providers that plugins declare in their package.json: `"lsync": { "providers": { "SCHEME": "MODULE" } }`.
 * What the person installed comes before what lsync brings. Of two that the person installed neither is taken: they may keep files in different
 * ways, and oclif's order is not stable.
 */
export function declaredProviders(config: Plugins): Declared {
  const candidates = new Map<string, DeclaredProvider[]>()
  const rejected: RejectedProvider[] = []
  for (const plugin of [...config.plugins.values()].toSorted(byName)) {
    const { name, version, type, root } = plugin
    const { providers, wrong } = declarations(plugin.pjson)
    for (const { scheme, reason } of wrong)
      rejected.push({ scheme, plugin: name, version, type, reason })
    for (const [scheme, specifier] of providers) {
      const those = candidates.get(scheme) ?? []
      those.push({ scheme, plugin: name, version, type, root, specifier, replaces: [] })
      candidates.set(scheme, those)
    }
  }
  const found = new Map<string, DeclaredProvider>()
  for (const [scheme, all] of [...candidates].toSorted(([a], [b]) => a.localeCompare(b))) {
    const own = all.filter(isOwn)
    const [chosen, ...others] = own.length > 0 ? own : all
    if (chosen === undefined) continue
    if (others.length === 0)
      found.set(scheme, {
        ...chosen,
        replaces: all.filter((one) => one !== chosen).map(({ plugin }) => plugin),
      })
    else
      for (const { plugin, version, type } of [chosen, ...others]) {
        const also = [chosen, ...others].map((one) => one.plugin).filter((one) => one !== plugin)
        const reason = `${also.join(' and ')} brings ${scheme}:// too: keep one of them`
        rejected.push({ scheme, plugin, version, type, reason })
      }
  }
  return { providers: found, rejected }
}

const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  a.name.localeCompare(b.name)

function isOwn({ type }: { readonly type: string }): boolean {
  return type === 'user' || type === 'link'
}

interface Declarations {
  readonly providers: readonly (readonly [scheme: string, specifier: string])[]
  readonly wrong: readonly { readonly scheme: string | undefined; readonly reason: string }[]
}

/** What a package.json that anybody may have written declares. */
function declarations(pjson: object): Declarations {
  const lsync: unknown = 'lsync' in pjson ? pjson.lsync : undefined
  const declared: unknown =
    typeof lsync === 'object' && lsync !== null && 'providers' in lsync
      ? lsync.providers
      : undefined
  if (declared === undefined) return { providers: [], wrong: [] }
  if (typeof declared !== 'object' || declared === null || Array.isArray(declared))
    return {
      providers: [],
      wrong: [{ scheme: undefined, reason: 'lsync.providers in its package.json is no map' }],
    }
  const providers: (readonly [string, string])[] = []
  const wrong: { scheme: string | undefined; reason: string }[] = []
  for (const [scheme, specifier] of Object.entries(declared)) {
    if (!/^[a-z][a-z0-9+.-]*$/.test(scheme))
      wrong.push({
        scheme: undefined,
        reason: `${JSON.stringify(scheme)} in its package.json is no scheme`,
      })
    else if (typeof specifier !== 'string')
      wrong.push({ scheme, reason: 'its package.json names no module for it' })
    else providers.push([scheme, specifier])
  }
  return { providers, wrong }
}
