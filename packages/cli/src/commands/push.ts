import { DirectionCommand } from '../direction-command.ts'

export default class Push extends DirectionCommand {
  static override description =
    'Bring to the remote what is new here. What changed there too is reported, not overwritten.'

  protected readonly mode = 'push'
}
