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
    const providers: DeclaredProvider[] = []
    const broken: RejectedProvider[] = [...rejected]
    for (const one of declared.values()) {
      const reason = await reasonAgainst(one)
      if (reason === undefined) providers.push(one)
      else broken.push({ ...one, reason })
    }
    const width = Math.max(0, ...providers.map(({ scheme }) => scheme.length)) + 3
    this.say(
      ...providers.map(({ scheme, plugin, version, type, replaces }) =>
        escapeName(
          `${`${scheme}://`.padEnd(width)}  ${plugin} ${version} (${type}${replaces.length === 0 ? '' : `, instead of ${replaces.join(', ')}`})`,
        ),
      ),
      ...broken.map(({ scheme, plugin, version, reason }) =>
        escapeName(
          `cannot be used: ${plugin} ${version}${scheme === undefined ? '' : ` for ${scheme}://`}: ${reason}`,
        ),
      ),
      ...(broken.length === 0
        ? []
        : ['Update or remove it: lsync plugins update, lsync plugins uninstall PLUGIN']),
    )
    await this.end({
      providers: providers.map(({ scheme, plugin, version, type, replaces }) => ({
        scheme,
        plugin,
        version,
        type,
        replaces,
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

/** Why it cannot be used; loading it loads no SDK. */
async function reasonAgainst(declared: DeclaredProvider): Promise<string | undefined> {
  const { LsyncError } = await import('@lsync/core')
  const { loadProvider } = await import('../load-provider.ts')
  try {
    await loadProvider(declared)
    return undefined
  } catch (error) {
    if (error instanceof LsyncError) return String(error.facts['reason'])
    throw error
  }
}
