import { CONFIG, listConfig } from '@lsync/core'
import { ConfigCommand } from '../../config-command.ts'
import { escapeName } from '../../render/escape.ts'

export default class ConfigList extends ConfigCommand {
  static override description = 'Show the settings of this repository.'

  async run(): Promise<void> {
    const { flags } = await this.parse(ConfigList)
    this.inFolder(flags)
    const { text } = await this.configText()
    const settings = listConfig(text, CONFIG)
    if (!this.json) for (const [key, value] of settings) this.log(`${key}: ${escapeName(value)}`)
    this.document({ settings: Object.fromEntries(settings) }, 0)
  }
}
