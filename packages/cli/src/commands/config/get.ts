import * as Args from '@oclif/core/args'
import { ConfigCommand } from '../../config-command.ts'
import { escapeName } from '../../render/escape.ts'
import { wrongUsage } from '../../messages/usage.ts'

export default class ConfigGet extends ConfigCommand {
  static override description = 'Show one setting.'
  static override args = {
    key: Args.string({ required: true, ignoreStdin: true, description: 'its name' }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ConfigGet)
    this.enter(flags)
    const { listConfig } = await import('@lsync/core')
    const { text, file } = await this.settings()
    const value = listConfig(text, file).find(([key]) => key === args.key)?.[1]
    if (value === undefined) throw wrongUsage(`${args.key} is not set`)
    this.say(escapeName(value))
    await this.end({ key: args.key, value })
  }
}
