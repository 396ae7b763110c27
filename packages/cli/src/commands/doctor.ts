import { LsyncCommand } from '../base-command.ts'
import { unfinishedUploadFacts } from '../facts.ts'
import { findingLines } from '../initialize.ts'
import { EXIT } from '../messages/exit.ts'
import { escapeName } from '../render/escape.ts'
import { unfinishedUploadLine } from '../render/lines.ts'

export default class Doctor extends LsyncCommand {
  static override description =
    'Try on the remote what lsync rests on (credentials, permissions, contents, listings, several writers at once, names, the clock), and say what follows. Works below a scratch prefix that is empty again at the end.'

  async run(): Promise<void> {
    const { flags } = await this.parse(Doctor)
    this.enter(flags)
    const { doctorRepository } = await import('@lsync/core')
    const machine = await this.machine()
    const { remote, report, findings, pendingUploads } = await doctorRepository(
      machine,
      await this.repository(machine),
      { signal: this.abort.signal, onEvent: this.watch().onEvent },
    )
    this.say([
      escapeName(remote),
      ...findingLines(findings),
      ...pendingUploads.map(unfinishedUploadLine),
    ])
    await this.end(
      {
        remote,
        guarantees: report?.guarantees ?? null,
        findings,
        pendingUploads: pendingUploads.map(unfinishedUploadFacts),
      },
      findings.every(({ ok }) => ok) ? EXIT.done : EXIT.problems,
    )
  }
}
