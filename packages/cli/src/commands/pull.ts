import { DirectionCommand, overrideFlags } from '../direction-command.ts'
import { movingFlags } from '../moving-flags.ts'

export default class Pull extends DirectionCommand {
  static override description =
    'Bring here what is new on the remote. What changed here too is reported, not overwritten.'
  static override flags = {
    ...movingFlags,
    ...overrideFlags({ wins: 'the remote', loses: 'this folder' }),
  }

  protected readonly mode = 'pull'
}
