import { DirectionCommand } from '../direction-command.ts'

export default class Pull extends DirectionCommand {
  static override description =
    'Bring here what is new on the remote. What changed here too is reported, not overwritten.'

  protected readonly mode = 'pull'
}
