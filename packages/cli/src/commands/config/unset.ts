import { ConfigCommand, keyArgument } from '../../config-command.ts'

export default class ConfigUnset extends ConfigCommand {
  static override description = 'Remove one setting, so that its default holds.'
  static override args = {
    key: keyArgument,
  }

  protected override readonly endsWithItsReader = false

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ConfigUnset)
    this.enter(flags)
    const { unsetInConfig } = await import('@lsync/core')
    const { file, change } = await this.settings()
    await change((text) => unsetInConfig(text, file, args.key))
    await this.end({ key: args.key })
  }
}
