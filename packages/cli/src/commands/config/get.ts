import { CONFIG, listConfig } from '@lsync/core'
import { Args } from '@oclif/core'
import { ConfigCommand } from '../../config-command.ts'
import { EXIT } from '../../messages/table.ts'
import { escapeName } from '../../render/escape.ts'

export default class ConfigGet extends ConfigCommand {
  static override description = 'Show one setting.'
  static override args = { key: Args.string({ required: true, description: 'its name' }) }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ConfigGet)
    this.inFolder(flags)
    const { text } = await this.configText()
    const value = listConfig(text, CONFIG).find(([key]) => key === args.key)?.[1]
    if (value === undefined) this.error(`${args.key} is not set`, { exit: EXIT.usage })
    if (!this.json) this.log(escapeName(value))
    this.document({ key: args.key, value }, 0)
  }
}
