import { DirectionCommand, overrideFlags } from '../direction-command.ts'
import { movingFlags } from '../moving-flags.ts'

export default class Push extends DirectionCommand {
  static override description =
    'Bring to the remote what is new here. What changed there too is reported, not overwritten.'
  static override flags = {
    ...movingFlags,
    ...overrideFlags({ wins: 'this folder', loses: 'the remote' }),
  }

  protected readonly mode = 'push'
}
