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
  const two = (value: number): string => String(value).padStart(2, '0')
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`
  return `${Math.floor(whole / 3600)}h${two(Math.floor((whole % 3600) / 60))}m`
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`
}

/** `10M`, `500k`, or `up:1M,down:5M` as bytes a second; undefined if it is nothing of that. */
export function parseRate(
  text: string,
): { readonly up?: number; readonly down?: number } | undefined {
  const parts = text
    .split(',')
    .map((part) => /^(?:(up|down):)?(\d+(?:\.\d+)?)([kKmMgG]?)$/.exec(part.trim()))
  const rates: { up?: number; down?: number } = {}
  for (const part of parts) {
    if (part === null) return undefined
    const [, side, number, unit = ''] = part
    const rate = Number(number) * 1024 ** ' kmg'.indexOf(unit.toLowerCase() || ' ')
    if (rate <= 0) return undefined
    if (side !== 'down') rates.up = rate
    if (side !== 'up') rates.down = rate
  }
  return rates
}
