import type { OpenOptions, ProbeReport } from '@lsync/core/provider'

/**
 * What an earlier probe found, if it was at this host, as it noted in `traits.host`; else undefined, and a notice. A remote's URL does not name the server: one
 * to which everything was copied goes by the same, and what the former keeps it may pass over.
 */
export function knownAt(
  host: string,
  { known, onNotice }: Pick<OpenOptions, 'known' | 'onNotice'>,
): ProbeReport | undefined {
  const there = known?.traits?.['host']
  if (known === undefined || there === host) return known
  onNotice?.(
    `what is known of the remote was found out ${there === undefined ? 'at a host that was not noted' : `at ${there}`}, and it is at ${host} now: nothing of that is relied on; lsync doctor tries what this one keeps`,
  )
  return undefined
}
