import * as Args from '@oclif/core/args'
import { ConfigCommand } from '../../config-command.ts'

export default class ConfigSet extends ConfigCommand {
  static override description =
    'Change one setting; comments in the file survive. Lists take values separated by commas.'
  static override args = {
    key: Args.string({ required: true, ignoreStdin: true, description: 'its name' }),
    value: Args.string({ required: true, ignoreStdin: true, description: 'the new value' }),
  }

  protected override readonly endsWithItsReader = false

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ConfigSet)
    this.enter(flags)
    const { setInConfig } = await import('@lsync/core')
    const { text, file, replace } = await this.settings()
    await replace(setInConfig(text, file, args.key, args.value))
    await this.end({ key: args.key, value: args.value })
  }
}
