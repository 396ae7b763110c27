import {
  folderNamed,
  initArguments,
  initFacts,
  initialize,
  initLines,
  settingFlags,
} from '../initialize.ts'
import { MovingCommand } from '../moving-command.ts'
import { movingFlags, runSettings } from '../moving-flags.ts'

// There is nothing to try: a folder is a repository, or it is not.
const { 'dry-run': _, ...withoutDryRun } = movingFlags

export default class Clone extends MovingCommand {
  static override description = 'Make a folder a repository for a remote, and bring its files here.'
  static override examples = ['<%= config.bin %> clone s3://my-bucket/photos ~/photos']
  static override args = initArguments
  static override flags = { ...withoutDryRun, ...settingFlags }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Clone)
    this.enter(flags)
    const settings = runSettings({ ...flags, 'dry-run': false }, this.folder)
    const machine = await this.machine()
    const initialized = await initialize(machine, {
      here: this.folder,
      folder: folderNamed(this.folder, args.path),
      remote: args.remote,
      flags,
      create: false,
      signal: this.abort.signal,
      onEvent: this.watch(settings.render).onEvent,
    })
    if (!flags.quiet) this.say(initLines(initialized))
    this.folder = initialized.root
    const repository = await this.repository(machine)
    await this.move(
      machine,
      repository,
      'pull',
      [],
      { ...settings, brings: true },
      initFacts(initialized),
    )
  }
}
