/** Who a process is, so that a lock it left can be told from one it holds: a number alone is soon another's. */
export interface ProcessIdentity {
  readonly pid: number
  readonly host: string
  /** Of the machine, whatever its name; empty where it has none, undefined where a former version wrote none. */
  readonly machine?: string | undefined
  /** Of the system's start: the numbers of an earlier one mean nothing. */
  readonly boot: string
  /** When the process began, in whatever unit the system tells; empty if it does not. */
  readonly started: string
}
