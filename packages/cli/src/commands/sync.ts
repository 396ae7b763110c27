import { DirectionCommand, overrideFlags } from '../direction-command.ts'
import { movingFlags } from '../moving-flags.ts'

export default class Sync extends DirectionCommand {
  static override description = 'Pull what is new on the remote, then push what is new here.'
  static override flags = { ...movingFlags, ...overrideFlags(true) }

  protected readonly mode = 'sync'
}
