import { LsyncCommand } from '../base-command.ts'
import { declaredProviders } from '../providers.ts'
import { escapeName } from '../render/escape.ts'

export default class Providers extends LsyncCommand {
  static override description =
    'List the kinds of remote that can be used, and the plugin that brings each.'

  async run(): Promise<void> {
    await this.parse(Providers)
    const providers = [...declaredProviders(this.config).values()].map(
      ({ scheme, plugin, version, type }) => ({ scheme, plugin, version, type }),
    )
    const width = Math.max(...providers.map(({ scheme }) => scheme.length)) + 3
    this.say(
      ...providers.map(({ scheme, plugin, version, type }) =>
        escapeName(`${`${scheme}://`.padEnd(width)}  ${plugin} ${version} (${type})`),
      ),
    )
    await this.end({ providers })
  }
}
