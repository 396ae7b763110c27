import { InitCommand } from '../init-command.ts'

export default class Init extends InitCommand {
  static override description =
    'Make a folder a repository that syncs with a remote. Files that are there are not touched.'
  static override examples = [
    '<%= config.bin %> init s3://my-bucket/photos ~/photos',
    '<%= config.bin %> init file:///mnt/share/notes',
  ]
  static override args = InitCommand.args
  static override flags = InitCommand.settingFlags

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Init)
    this.inFolder(flags)
    const initialized = await this.initialize(await this.machine(), args, flags)
    if (!this.json) this.log([...this.describeInit(initialized), 'Next: lsync sync'].join('\n'))
    const { root, remote, id, report } = initialized
    this.document({ root, remote, repository: id ?? null, findings: report?.findings ?? [] }, 0)
  }
}
