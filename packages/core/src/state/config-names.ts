import { SETTINGS, type Scope, type Setting } from './settings.ts'

export const SECRETS_BELONG_ELSEWHERE =
  'credentials do not belong in this file. Keep them in a profile of your credentials file or in the environment, and name the profile here with `profile`'

const SECRET =
  /^(x-)?(aws|gcs|gcp|google|s3|azure)?-?(access-?key|secret|session-?token|security-?token|token|bearer|password|passphrase|passwd|credential|api-?key|private-?key|client-?secret|account-?key)/

/** True for the names under which people write credentials. */
export function isSecretName(name: string): boolean {
  return SECRET.test(kebab(name))
}

/** The known name that a person most likely meant. */
export function suggest(name: string, scope: Scope): string | undefined {
  const wanted = kebab(name)
  let best: string | undefined
  // Up to two slips, and never more than a third of the word: else the suggestion is noise.
  let least = Math.min(2, Math.floor(wanted.length / 3)) + 1
  for (const [known, setting] of Object.entries<Setting<unknown>>(SETTINGS)) {
    if (!setting.scopes.includes(scope)) continue
    const slips = distance(wanted, known)
    if (slips < least) {
      least = slips
      best = known
    }
  }
  return best
}

/** `maxDelete`, `MAX_DELETE` and `max delete` as `max-delete`. */
function kebab(name: string): string {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replaceAll(/[_\s.]+/g, '-')
    .toLowerCase()
}

/** How many letters must be added, removed or replaced to turn one into the other. */
function distance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 0; i < a.length; i++) {
    const row = [i + 1]
    for (let j = 0; j < b.length; j++) {
      const replaced = (above[j] ?? 0) + (a[i] === b[j] ? 0 : 1)
      row.push(Math.min(replaced, (above[j + 1] ?? 0) + 1, (row[j] ?? 0) + 1))
    }
    above = row
  }
  return above[b.length] ?? 0
}
