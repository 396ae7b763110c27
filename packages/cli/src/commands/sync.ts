import { MovingCommand } from '../moving-command.ts'

export default class Sync extends MovingCommand {
  static override description = 'Pull what is new on the remote, then push what is new here.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> docs notes.txt',
    '<%= config.bin %> <%= command.id %> --dry-run',
  ]

  protected readonly mode = 'sync'
}
