import type { Hook } from '@oclif/core'
import { EXIT } from '../messages/exit.ts'
import { asksForDocument, documentText } from '../render/document.ts'
import { escapeName } from '../render/escape.ts'

const spaced = (name: string): string => name.replaceAll(':', ' ')

/** `lsync snyc`: says so, says what was probably meant, and exits as for any wrong usage. It never runs what was not asked for. */
const commandNotFound: Hook.CommandNotFound = async function ({ id, argv = [], config }) {
  const { closest } = await import('@lsync/core')
  // `lsync --json`: oclif takes what comes first for a command.
  const isFlag = id.startsWith('-')
  const name = isFlag ? '' : spaced(id)
  // A slip of every second letter.
  const most = Math.max(1, Math.floor(name.length / 2))
  const meant = isFlag ? undefined : closest(name, config.commandIDs.map(spaced), most)
  const message = isFlag
    ? `Which command? ${escapeName(id)} is a flag`
    : `There is no command ${escapeName(name)}`
  const hint =
    meant === undefined
      ? 'All commands: lsync help'
      : `Did you mean: lsync ${meant}? All commands: lsync help`
  process.stderr.write(`lsync: ${message}\n${hint}\n`)
  if (asksForDocument([id, ...argv]))
    process.stdout.write(
      documentText(name, { error: { code: 'usage', message, hint } }, EXIT.usage),
    )
  this.exit(EXIT.usage)
}

export default commandNotFound
