import { LsyncCommand } from '../base-command.ts'
import { declaredProviders } from '../providers.ts'

export default class Providers extends LsyncCommand {
  static override description =
    'List the kinds of remote that can be used, and the plugin that brings each.'

  async run(): Promise<void> {
    await this.parse(Providers)
    const providers = [...declaredProviders(this.config).values()]
    if (!this.json)
      for (const { scheme, plugin, version, type } of providers)
        this.log(`${`${scheme}://`.padEnd(12)} ${plugin} ${version} (${type})`)
    this.document(
      {
        providers: providers.map(({ scheme, plugin, version, type }) => ({
          scheme,
          plugin,
          version,
          type,
        })),
      },
      0,
    )
  }
}
