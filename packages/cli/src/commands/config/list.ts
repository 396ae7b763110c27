import { ConfigCommand } from '../../config-command.ts'
import { escapeName } from '../../render/escape.ts'

export default class ConfigList extends ConfigCommand {
  static override description = 'Show the settings of this repository.'

  async run(): Promise<void> {
    const { flags } = await this.parse(ConfigList)
    this.enter(flags)
    const { listConfig } = await import('@lsync/core')
    const { text, file } = await this.settings()
    const settings = listConfig(text, file)
    this.say(settings.map(([key, value]) => `${key}: ${escapeName(value)}`))
    await this.end({ settings: Object.fromEntries(settings) })
  }
}
