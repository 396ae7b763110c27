import { MovingCommand } from '../moving-command.ts'

export default class Push extends MovingCommand {
  static override description =
    'Bring to the remote what is new here. What changed there too is reported, not overwritten.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> docs notes.txt',
    '<%= config.bin %> <%= command.id %> --dry-run',
  ]

  protected readonly mode = 'push'
}
