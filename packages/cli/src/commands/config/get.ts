import { ConfigCommand, keyArgument } from '../../config-command.ts'
import { escapeName } from '../../render/escape.ts'
import { wrongUsage } from '../../messages/usage.ts'

export default class ConfigGet extends ConfigCommand {
  static override description = 'Show one setting.'
  static override args = {
    key: keyArgument,
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ConfigGet)
    this.enter(flags)
    const { listConfig, refuseUnknownKey } = await import('@lsync/core')
    const { text, file } = await this.settings()
    const value = listConfig(text, file).find(([key]) => key === args.key)?.[1]
    if (value === undefined) {
      refuseUnknownKey(args.key)
      throw wrongUsage(`${args.key} is not set`)
    }
    this.say(escapeName(value))
    await this.end({ key: args.key, value })
  }
}
