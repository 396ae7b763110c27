const HISTORIES = process.env['LSYNC_HISTORIES']

/** Divides no number of trees here, so that what is passed over is not always the same. */
const STRIDES = [1, 7, 13, 31, 61, 127, 251, 509, 1021, 2053, 4099, 8191, 16_381, 32_749]

/**
 * Tells which of so many histories are tried: about `usual`, spread evenly. `LSYNC_HISTORIES=20` tries twenty times as many, `LSYNC_HISTORIES=all` each one.
 */
export function tried(total: number, usual: number): (index: number) => boolean {
  const most = HISTORIES === 'all' ? total : usual * Number(HISTORIES ?? 1)
  const stride = STRIDES.find((one) => total / one <= most) ?? STRIDES.at(-1) ?? 1
  return (index) => index % stride === 0
}

/** Long enough for all of them. */
export const TIMEOUT = 3_600_000
