import type { Machine } from '@lsync/core'
import { LsyncCommand } from './base-command.ts'

/** Commands on `.lsync/config.yaml`. */
export abstract class ConfigCommand extends LsyncCommand {
  // oclif stops looking for inherited flags at a class that has none of its own.
  static override baseFlags = LsyncCommand.baseFlags

  /** The file's text, its name for messages, and how to replace it; the remote that it names, on this machine. */
  protected async settings(): Promise<{
    readonly text: string
    readonly file: string
    readonly replace: (text: string) => Promise<void>
    readonly remote: string
    readonly machine: Machine
  }> {
    const { CONFIG } = await import('@lsync/core')
    const machine = await this.machine()
    const { disk, config } = await this.repository(machine)
    return {
      text: (await disk.readText(CONFIG)) ?? '',
      file: CONFIG,
      replace: (text) => disk.replaceText(CONFIG, text),
      remote: config.remote,
      machine,
    }
  }
}
