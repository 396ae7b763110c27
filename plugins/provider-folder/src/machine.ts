import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { errnoOf } from './errors.ts'

/** Who a process is, as a lock tells it: a number alone is soon another's. */
interface Holder {
  readonly pid: number
  readonly host: string
  /** Of the machine, whatever its name; empty where it has none. */
  readonly machine: string
  /** Of its start: the numbers of an earlier one mean nothing. */
  readonly boot: string
  readonly started: string
}

export function self(): Holder {
  return {
    pid: process.pid,
    host: hostname(),
    machine: MACHINE,
    boot: BOOT,
    started: startOf(process.pid),
  }
}

/**
 * False only if the process is surely gone. One of another machine cannot be seen, so it counts as alive, also where both machines have one name.
 * RACE: machines that were cloned with their identity and their name, containers of one name that share them, and machines of one name that have no
 * identity or whose lsync wrote none yet, judge each other's processes as their own; worst outcome: a living one's lock is taken over, and the later of
 * two replacements made at the same instant wins without a conflict.
 */
export function isHeld(text: string): boolean {
  try {
    const { pid, host, machine, boot, started } = JSON.parse(text) as Record<string, unknown>
    if (host !== hostname()) return true
    // Former versions wrote none.
    if (machine !== undefined && machine !== MACHINE) return true
    if (boot !== BOOT) return false
    const now = startOf(Number(pid))
    if (now === 'zombie') return false
    // Where the system tells, two processes of one number are told apart.
    if (now !== '' && started !== '') return now === started
    try {
      process.kill(Number(pid), 0)
      return true
    } catch (error) {
      // There, and another user's.
      return errnoOf(error) === 'EPERM'
    }
  } catch {
    return false
  }
}

/** In words, as far as the text tells it. */
export function holderOf(text: string): string {
  try {
    const { pid, host } = JSON.parse(text) as Record<string, unknown>
    return `process ${String(pid)} on ${String(host)}`
  } catch {
    return 'another process'
  }
}

/**
 * As it was given to the machine at its installation. Not itself, which is to be kept from others, but what follows from it. None where systemd makes one anew
 * at each start, and notes it in /run: by that no process of before would ever be gone.
 */
const MACHINE = existsSync('/run/machine-id')
  ? ''
  : (identityIn('/etc/machine-id') ?? identityIn('/var/lib/dbus/machine-id') ?? '')

function identityIn(path: string): string | undefined {
  const id = textOf(path).trim()
  return /^[0-9a-f]{32}$/.test(id)
    ? createHash('sha256').update(`lsync ${id}`).digest('hex').slice(0, 32)
    : undefined
}

const BOOT = textOf('/proc/sys/kernel/random/boot_id').trim()

/** Field 22 of /proc/PID/stat; empty where there is no such process or no /proc. A zombie holds nothing. */
function startOf(pid: number): string {
  const text = textOf(`/proc/${pid}/stat`)
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' ? 'zombie' : (fields[19] ?? '')
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
