import { CONFIG, setInConfig } from '@lsync/core'
import { Args } from '@oclif/core'
import { ConfigCommand } from '../../config-command.ts'

export default class ConfigSet extends ConfigCommand {
  static override description =
    'Change one setting; comments in the file survive. Lists take values separated by commas.'
  static override args = {
    key: Args.string({ required: true, description: 'its name' }),
    value: Args.string({ required: true, description: 'the new value' }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ConfigSet)
    this.inFolder(flags)
    const { repository, text } = await this.configText()
    await repository.disk.replaceText(CONFIG, setInConfig(text, CONFIG, args.key, args.value))
    this.document({ key: args.key, value: args.value }, 0)
  }
}
