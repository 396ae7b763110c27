import { LsyncCommand } from '../base-command.ts'
import { timeOf } from '../facts.ts'
import { findingLines } from '../initialize.ts'
import { EXIT } from '../messages/exit.ts'
import { escapeName } from '../render/escape.ts'

const UNFINISHED = {
  ours: 'a sync here goes on with it, or gives it up if nothing has needed it for a week.',
  others: 'not by this folder, which leaves it alone.',
}

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
    const uploads = pendingUploads.map(({ key, begun, ours }) => ({
      path: key,
      begun: timeOf(begun),
      ours,
    }))
    this.say([
      escapeName(remote),
      ...findingLines(findings),
      ...uploads.map(
        ({ path, begun, ours }) =>
          `  ..  An upload of ${escapeName(path)} was begun on ${begun} and not finished; ${UNFINISHED[ours ? 'ours' : 'others']}`,
      ),
    ])
    await this.end(
      { remote, guarantees: report?.guarantees ?? null, findings, pendingUploads: uploads },
      findings.every(({ ok }) => ok) ? EXIT.done : EXIT.problems,
    )
  }
}
