import { stripVTControlCharacters } from 'node:util'
import { escapeText } from '../render/escape.ts'

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
