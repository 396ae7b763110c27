import { MovingCommand } from '../moving-command.ts'

export default class Pull extends MovingCommand {
  static override description =
    'Bring here what is new on the remote. What changed here too is reported, not overwritten.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> docs notes.txt',
    '<%= config.bin %> <%= command.id %> --dry-run',
  ]

  protected readonly mode = 'pull'
}
