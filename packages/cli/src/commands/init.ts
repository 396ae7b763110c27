import { LsyncCommand } from '../base-command.ts'
import {
  folderNamed,
  initArguments,
  initFacts,
  initialize,
  initLines,
  settingFlags,
} from '../initialize.ts'

export default class Init extends LsyncCommand {
  static override description =
    'Make a folder a repository that syncs with a remote. Files that are there are not touched.'
  static override examples = [
    '<%= config.bin %> init s3://my-bucket/photos ~/photos',
    '<%= config.bin %> init file:///mnt/share/notes',
  ]
  static override args = initArguments
  static override flags = settingFlags

  protected override readonly endsWithItsReader = false

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Init)
    this.enter(flags)
    const { onEvent } = this.watch()
    const initialized = await initialize(await this.machine(), {
      here: this.folder,
      folder: folderNamed(this.folder, args.path),
      remote: args.remote,
      flags,
      create: true,
      signal: this.abort.signal,
      onEvent,
    })
    this.say([...initLines(initialized), 'Next: lsync status, lsync sync'])
    await this.end(initFacts(initialized))
  }
}
