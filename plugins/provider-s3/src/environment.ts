import { join } from 'node:path'
import type { OpenOptions } from '@lsync/core/provider'

/** A variable that is set to nothing counts as not set, as everywhere with AWS. */
export function filled(value: string | undefined): string | undefined {
  return value === '' ? undefined : value
}

export function configFileOf(environment: OpenOptions['environment']): string | undefined {
  const home = filled(environment['HOME'])
  return (
    filled(environment['AWS_CONFIG_FILE']) ??
    (home === undefined ? undefined : join(home, '.aws', 'config'))
  )
}
