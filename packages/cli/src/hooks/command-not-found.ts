import type { Hook } from '@oclif/core'
import { EXIT } from '../messages/exit.ts'
import { documentText } from '../render/document.ts'
import { escapeName } from '../render/escape.ts'

const spaced = (name: string): string => name.replaceAll(':', ' ')

/** `lsync snyc`: says so, says what was probably meant, and exits as for any wrong usage. It never runs what was not asked for. */
const commandNotFound: Hook.CommandNotFound = async function ({ id, argv = [], config }) {
  const { closest } = await import('@lsync/core')
  const name = spaced(id)
  // A slip of every second letter.
  const most = Math.max(1, Math.floor(name.length / 2))
  const meant = closest(name, config.commandIDs.map(spaced), most)
  const message = `There is no command ${escapeName(name)}`
  const hint =
    meant === undefined
      ? 'All commands: lsync help'
      : `Did you mean: lsync ${meant}? All commands: lsync help`
  process.stderr.write(`lsync: ${message}\n${hint}\n`)
  if (argv.includes('--json'))
    process.stdout.write(
      documentText(name, { error: { code: 'usage', message, hint } }, EXIT.usage),
    )
  this.exit(EXIT.usage)
}

export default commandNotFound
