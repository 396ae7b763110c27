import { InitCommand } from '../init-command.ts'
import { MovingCommand } from '../moving-command.ts'

export default class Clone extends MovingCommand {
  static override description = 'Make a folder a repository for a remote, and bring its files here.'
  static override examples = ['<%= config.bin %> clone s3://my-bucket/photos ~/photos']
  static override args = InitCommand.args as never
  static override flags = { ...MovingCommand.movingFlags, ...InitCommand.settingFlags }
  static override strict = true

  protected readonly mode = 'pull'

  override async run(): Promise<void> {
    const { args, flags } = await this.parse({
      args: InitCommand.args,
      flags: Clone.flags,
      baseFlags: Clone.baseFlags,
    })
    this.inFolder(flags)
    const options = this.options(flags)
    const machine = await this.machine()
    const initializer = new Initializer(this.argv, this.config)
    const { root } = await initializer.make(machine, this.folder, this.json, args, flags)
    this.folder = root
    await this.move(machine, await this.repository(machine), [], options)
  }
}

/** Borrows what init does, in a command that then goes on as a pull. */
class Initializer extends InitCommand {
  async make(
    machine: Parameters<InitCommand['initialize']>[0],
    folder: string,
    json: boolean,
    args: Parameters<InitCommand['initialize']>[1],
    flags: Parameters<InitCommand['initialize']>[2],
  ) {
    this.folder = folder
    const initialized = await this.initialize(machine, args, flags)
    if (!json) this.log(this.describeInit(initialized).join('\n'))
    return initialized
  }

  async run(): Promise<void> {}
}
