import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { ConfigCommand, keyArgument } from '../../config-command.ts'
import { addressOf } from '../../initialize.ts'
import { escapeName } from '../../render/escape.ts'

export default class ConfigSet extends ConfigCommand {
  static override description =
    'Change one setting; comments in the file survive. Lists take values separated by commas. A new remote must be the same repository under another address, unless --allow other-remote says that another one is meant.'
  static override examples = [
    '<%= config.bin %> config set conflicts keep-both',
    '<%= config.bin %> config set remote s3://new-bucket/notes --allow other-remote',
  ]
  static override args = {
    key: keyArgument,
    value: Args.string({ required: true, ignoreStdin: true, description: 'the new value' }),
  }
  static override flags = {
    allow: Flags.option({
      options: ['other-remote'] as const,
      description:
        'other-remote, of the key remote: it may be nobody’s yet, or another repository’s',
      helpValue: 'GUARD',
    })(),
  }

  protected override readonly endsWithItsReader = false

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ConfigSet)
    this.enter(flags)
    if (args.key === 'remote') {
      await this.setRemote(args.value, flags.allow === 'other-remote')
      return
    }
    const { refuseUnknownSetting, setInConfig } = await import('@lsync/core')
    const { text, file, change, remote, machine } = await this.settings()
    const edit = (before: string) => setInConfig(before, file, args.key, args.value)
    // What the file would not take is refused first.
    edit(text)
    await refuseUnknownSetting(machine, remote, args.key)
    await change(edit)
    await this.end({ key: args.key, value: args.value })
  }

  private async setRemote(value: string, allowOther: boolean): Promise<void> {
    const { changeRemote, setInConfig } = await import('@lsync/core')
    const address = await addressOf(value, this.folder)
    // What the file would not take is refused before anybody is asked.
    setInConfig('', 'remote', 'remote', address)
    const machine = await this.machine()
    const { remote, other } = await changeRemote(machine, await this.repository(machine), {
      remote: address,
      allowOther,
      signal: this.abort.signal,
      onEvent: this.watch().onEvent,
    })
    this.say([
      `This folder now syncs with ${escapeName(remote)}`,
      other
        ? 'What it holds is compared by content with what is there: lsync status, lsync sync'
        : 'It is the same repository there: what was agreed holds.',
    ])
    await this.end({ key: 'remote', value: remote })
  }
}
