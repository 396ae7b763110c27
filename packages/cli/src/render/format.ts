const UNITS = ['B', 'KB', 'MB', 'GB', 'TB', 'PB']

/** `1.5 MB`: powers of 1024, three digits at most. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1024
    unit++
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1
  return `${value.toFixed(digits)} ${UNITS[unit] ?? 'B'}`
}

/** `1m05s`, from seconds. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  if (whole < 60) return `${whole}s`
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`
  return `${Math.floor(whole / 3600)}h${two(Math.floor((whole % 3600) / 60))}m`
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`
}

/** `10M`, `500k`, `1.5MB/s`, or `up:1M,down:5M` as bytes a second; undefined if it is nothing of that. */
export function parseRate(
  text: string,
): { readonly up?: number; readonly down?: number } | undefined {
  const rates: { up?: number; down?: number } = {}
  for (const part of text.split(',')) {
    const match = /^(?:(up|down):)?(\d+(?:\.\d+)?)([kmg]?)(?:i?b)?(?:\/s)?$/i.exec(part.trim())
    if (match === null) return undefined
    const [, side, number, unit = ''] = match
    const rate = Number(number) * 1024 ** ['', 'k', 'm', 'g'].indexOf(unit.toLowerCase())
    const ways: readonly ('up' | 'down')[] =
      side === undefined ? ['up', 'down'] : [side.toLowerCase() === 'up' ? 'up' : 'down']
    // A limit that is named twice is a slip, and to guess which one was meant is worse than to ask.
    for (const way of ways) {
      if (rate <= 0 || rates[way] !== undefined) return undefined
      rates[way] = rate
    }
  }
  return rates
}

/** `2026-01-31 14:05:09` in this machine's time zone. */
export function formatTime(milliseconds: number): string {
  const date = dateOf(milliseconds)
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-')
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')}`
}

/** ISO 8601, in UTC, as in documents. */
export function isoTime(milliseconds: number): string {
  return dateOf(milliseconds).toISOString()
}

/** Some file systems keep times of files that no date reaches: the last one stands for them. */
function dateOf(milliseconds: number): Date {
  return new Date(Math.max(-LAST_DATE, Math.min(milliseconds, LAST_DATE)))
}

/** Milliseconds. */
const LAST_DATE = 8.64e15

const UNITS_OF_AGE: Readonly<Record<string, number>> = { h: 1, d: 24, w: 24 * 7 }

/** `12h`, `7d`, `2w`, or a bare number of days, as milliseconds; undefined if it is nothing of that. */
export function parseAge(text: string): number | undefined {
  const [, number, unit = 'd'] = /^(\d{1,6})([hdw])?$/i.exec(text.trim()) ?? []
  return number === undefined
    ? undefined
    : Number(number) * (UNITS_OF_AGE[unit.toLowerCase()] ?? 0) * 60 * 60 * 1000
}
