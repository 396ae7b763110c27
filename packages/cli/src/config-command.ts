import type { Machine } from '@lsync/core'
import * as Args from '@oclif/core/args'
import { LsyncCommand } from './base-command.ts'

/** What a person may set, in the order of the guide. Not read from core, which is loaded only where it is needed. */
const NAMES = [
  'remote',
  'conflicts',
  'ignore',
  'only',
  'symlinks',
  'author',
  'max-delete',
  'jobs',
  'trash-days',
  'trash-size',
  'profile',
  'region',
  'endpoint',
  'role',
  'storage-class',
  'encryption',
  'encryption-key',
  'path-style',
]

export const keyArgument = Args.string({
  required: true,
  ignoreStdin: true,
  description: `its name: ${NAMES.join(', ')}, or what lsync providers lists`,
})

/** Commands on `.lsync/config.yaml`. */
export abstract class ConfigCommand extends LsyncCommand {
  // oclif stops looking for inherited flags at a class that has none of its own.
  static override baseFlags = LsyncCommand.baseFlags

  /** The file's text, its name for messages, and how to edit it; the remote that it names, on this machine. */
  protected async settings(): Promise<{
    readonly text: string
    readonly file: string
    readonly change: (edit: (text: string) => string) => Promise<void>
    readonly remote: string
    readonly machine: Machine
  }> {
    const { changeConfig, CONFIG } = await import('@lsync/core')
    const machine = await this.machine()
    const repository = await this.repository(machine)
    const { disk, config } = repository
    return {
      text: (await disk.readText(CONFIG)) ?? '',
      file: CONFIG,
      change: (edit) => changeConfig(machine, repository, edit, this.abort.signal),
      remote: config.remote,
      machine,
    }
  }
}
