import type { Guarantees, OpenOptions, ProbeReport } from '@lsync/core/provider'
import { knownAt } from '@lsync/http'
import type { Endpoint } from './endpoint.ts'

/** What Google's documentation promises of its own service. */
const GOOGLE: Guarantees = {
  create: 'atomic',
  replace: 'atomic',
  remove: 'atomic',
  commit: 'atomic',
  copy: 'atomic',
}

/** Of any other server, before a probe: it is looked at before each change, and the condition is sent all the same. */
const LEAST: Guarantees = {
  create: 'checked',
  replace: 'checked',
  remove: 'checked',
  commit: 'none',
  copy: 'none',
}

/** Former versions noted no host: at Google's own address that report is as good as its documentation. */
export function knownHere(
  { host, isGoogle }: Pick<Endpoint, 'host' | 'isGoogle'>,
  options: Pick<OpenOptions, 'known' | 'onNotice'>,
): ProbeReport | undefined {
  const { known } = options
  return isGoogle && known?.traits?.['host'] === undefined ? known : knownAt(host, options)
}

export function guaranteesOf(
  known: ProbeReport | undefined,
  { isGoogle }: Pick<Endpoint, 'isGoogle'>,
): Guarantees {
  return known?.guarantees ?? (isGoogle ? GOOGLE : LEAST)
}
