import { CONFIG, unsetInConfig } from '@lsync/core'
import { Args } from '@oclif/core'
import { ConfigCommand } from '../../config-command.ts'

export default class ConfigUnset extends ConfigCommand {
  static override description = 'Remove one setting, so that its default holds.'
  static override args = { key: Args.string({ required: true, description: 'its name' }) }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ConfigUnset)
    this.inFolder(flags)
    const { repository, text } = await this.configText()
    await repository.disk.replaceText(CONFIG, unsetInConfig(text, CONFIG, args.key))
    this.document({ key: args.key }, 0)
  }
}
