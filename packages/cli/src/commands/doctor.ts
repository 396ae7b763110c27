import { LsyncCommand } from '../base-command.ts'
import { EXIT } from '../messages/table.ts'
import { escapeName } from '../render/escape.ts'

export default class Doctor extends LsyncCommand {
  static override description = 'Probe the remote: what it guarantees, and what follows from that.'

  async run(): Promise<void> {
    const { flags } = await this.parse(Doctor)
    this.inFolder(flags)
    const { doctorRepository } = await import('@lsync/core')
    const machine = await this.machine()
    const diagnosis = await doctorRepository(machine, await this.repository(machine), {
      signal: this.abort.signal,
      onEvent: () => undefined,
    })
    if (!this.json) {
      this.log(escapeName(diagnosis.remote))
      for (const { ok, message } of diagnosis.findings)
        this.log(`  ${ok ? 'ok ' : '!! '} ${escapeName(message)}`)
      for (const { key, begun } of diagnosis.pendingUploads)
        this.log(
          `  !!  An upload of ${escapeName(key)} was begun on ${new Date(begun).toISOString()} and not finished.`,
        )
    }
    const exit = diagnosis.findings.every(({ ok }) => ok) ? EXIT.done : EXIT.problems
    this.document({ ...diagnosis }, exit)
    if (exit !== EXIT.done) this.exit(exit)
  }
}
