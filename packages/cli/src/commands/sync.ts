import { DirectionCommand } from '../direction-command.ts'

export default class Sync extends DirectionCommand {
  static override description = 'Pull what is new on the remote, then push what is new here.'

  protected readonly mode = 'sync'
}
