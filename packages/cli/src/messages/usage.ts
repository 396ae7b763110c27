import { stripVTControlCharacters } from 'node:util'
import * as Errors from '@oclif/core/errors'
import { escapeText } from '../render/escape.ts'
import { EXIT } from './exit.ts'

/** What a person typed cannot be meant so; the message says what can. */
export function wrongUsage(message: string): Error {
  return new Errors.CLIError(message, { exit: EXIT.usage })
}

/** The same of the value of a flag. `wanted`: what it takes, as `a number`. */
export function wrongValue(flag: string, wanted: string, value: string): Error {
  return wrongUsage(`--${flag} takes ${wanted}, not ${value}`)
}

/**
 * oclif's own words for wrong usage, safe to print: without its colours, with what it puts on a line of its own behind a tab on the same line,
 * and without its note that flags swallow the arguments behind them. None of lsync's does: `multipleNonGreedy`.
 */
export function usageWords(message: string): string {
  return escapeText(
    stripVTControlCharacters(message)
      .replace(/\n\nNote: --.* multiple values\..*\nAlternatively, .*/, '')
      .replaceAll(/\s*\n\t/g, ': '),
  )
}
