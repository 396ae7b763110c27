import type { ProviderModule } from '@lsync/core'
import { LsyncCommand } from '../base-command.ts'
import { declaredProviders, type DeclaredProvider, type RejectedProvider } from '../providers.ts'
import { escapeName } from '../render/escape.ts'

export default class Providers extends LsyncCommand {
  static override description =
    'List the kinds of remote that can be used and the plugin that brings each, and what is wrong with a plugin that cannot be used.'
  static override examples = [
    '<%= config.bin %> providers',
    '<%= config.bin %> plugins install @lsync/provider-gcs',
  ]

  async run(): Promise<void> {
    await this.parse(Providers)
    const { providers: declared, rejected } = declaredProviders(this.config)
    const providers: (DeclaredProvider & {
      readonly settings: Readonly<Record<string, string>>
    })[] = []
    const broken: RejectedProvider[] = [...rejected]
    for (const one of declared.values()) {
      const loaded = await load(one)
      if (typeof loaded === 'string') broken.push({ ...one, reason: loaded })
      else providers.push({ ...one, settings: await settingsOf(loaded) })
    }
    const width = Math.max(0, ...providers.map(({ scheme }) => scheme.length)) + 3
    this.say([
      ...providers.flatMap(({ scheme, plugin, version, type, replaces, settings }) => [
        escapeName(
          `${`${scheme}://`.padEnd(width)}  ${plugin} ${version} (${type}${replaces.length === 0 ? '' : `, instead of ${replaces.join(', ')}`})`,
        ),
        ...Object.entries(settings).map(([key, help]) => escapeName(`    ${key}: ${help}`)),
      ]),
      ...broken.map(({ scheme, plugin, version, reason }) =>
        escapeName(
          `cannot be used: ${plugin} ${version}${scheme === undefined ? '' : ` for ${scheme}://`}: ${reason}`,
        ),
      ),
      ...(broken.length === 0
        ? []
        : ['Update or remove it: lsync plugins update, lsync plugins uninstall PLUGIN']),
    ])
    await this.end({
      providers: providers.map(({ scheme, plugin, version, type, replaces, settings }) => ({
        scheme,
        plugin,
        version,
        type,
        replaces,
        settings,
      })),
      broken: broken.map(({ scheme, plugin, version, type, reason }) => ({
        scheme: scheme ?? null,
        plugin,
        version,
        type,
        reason,
      })),
    })
  }
}

/** The module, or why it cannot be used; loading it loads no SDK. */
async function load(declared: DeclaredProvider): Promise<ProviderModule | string> {
  const { LsyncError } = await import('@lsync/core')
  const { loadProvider } = await import('../load-provider.ts')
  try {
    return await loadProvider(declared)
  } catch (error) {
    if (error instanceof LsyncError) return String(error.facts['reason'])
    throw error
  }
}

/** What `lsync config set` takes for it, with its help. */
async function settingsOf({ settings }: ProviderModule): Promise<Readonly<Record<string, string>>> {
  const { keyOfSetting } = await import('@lsync/core')
  return Object.fromEntries(
    Object.entries(settings).map(([name, help]) => [keyOfSetting(name), help]),
  )
}
