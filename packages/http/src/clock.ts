import type { ProbeFinding } from '@lsync/core/provider'
import type { Answer } from './exchange.ts'

/**
 * The store's clock minus ours by the header `Date` of an answer, in milliseconds, against the middle of the request; not a number where the store
 * does not tell its time.
 * @param asked when the request went out, by our clock, in milliseconds since the epoch
 * @param answered when the answer was there, likewise
 */
export function clockSkew(
  { headers }: Pick<Answer, 'headers'>,
  asked: number,
  answered: number,
): number {
  // The header is cut to seconds: half of one is the best guess.
  const told = Date.parse(String(headers['date'] ?? '')) + 500
  return Math.round(told - (asked + answered) / 2)
}

/** Tokens are refused beyond about that, signatures beyond a quarter of an hour; times of files look wrong much earlier. */
const LARGEST_SKEW = 60_000

/**
 * The finding `clock` of a probe, in words for a person: not ok beyond a minute either way.
 * @param skew as `clockSkew` gives it, in milliseconds; not a number where the store does not tell its time
 */
export function clockFinding(skew: number): ProbeFinding {
  const check = 'clock'
  if (!Number.isFinite(skew))
    return { check, ok: true, message: 'The store does not tell its time.' }
  return Math.abs(skew) > LARGEST_SKEW
    ? {
        check,
        ok: false,
        message: `This computer's clock is ${Math.round(Math.abs(skew) / 1000)} s ${skew > 0 ? 'behind' : 'ahead of'} the store's: set it.`,
      }
    : { check, ok: true, message: "This computer's clock agrees with the store's." }
}
