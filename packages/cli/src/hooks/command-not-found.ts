import type { Hook } from '@oclif/core'
import { SCHEMA } from '../base-command.ts'
import { EXIT } from '../messages/exit.ts'
import { escapeName, toSafeJson } from '../render/escape.ts'
import { closest } from '../suggestion.ts'

const spaced = (name: string): string => name.replaceAll(':', ' ')

/** `lsync snyc`: says so, says what was probably meant, and exits as for any wrong usage. It never runs what was not asked for. */
const commandNotFound: Hook.CommandNotFound = async function ({ id, argv = [], config }) {
  const meant = closest(spaced(id), config.commandIDs.map(spaced))
  const message = `There is no command ${escapeName(spaced(id))}`
  const hint =
    meant === undefined
      ? 'All commands: lsync help'
      : `Did you mean: lsync ${meant}? All commands: lsync help`
  process.stderr.write(`lsync: ${message}\n${hint}\n`)
  if (argv.includes('--json'))
    process.stdout.write(
      `${toSafeJson({ schema: SCHEMA, command: spaced(id), error: { code: 'usage', message, hint }, exitCode: EXIT.usage })}\n`,
    )
  this.exit(EXIT.usage)
}

export default commandNotFound
