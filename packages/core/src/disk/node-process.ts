import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import { errnoOf } from './node-errors.ts'
import type { ProcessIdentity } from './process.ts'

export function processIdentity(): ProcessIdentity {
  return {
    pid: process.pid,
    host: os.hostname(),
    machine: machineIdentity(),
    boot: bootIdentity(),
    started: look(process.pid)?.started ?? '',
  }
}

/**
 * False only if the process is surely gone. On another machine it cannot be seen, so it counts as alive, also where both have one name.
 * RACE: machines that were cloned with their identity and their name, containers of one name that share them, and machines of one name that have no
 * identity, judge each other's processes as their own; worst outcome: two runs work in one folder at once, each effect with its own guard.
 */
export function isAlive(holder: ProcessIdentity): boolean {
  if (holder.host !== os.hostname()) return true
  if (holder.machine !== undefined && holder.machine !== machineIdentity()) return true
  if (holder.boot !== bootIdentity()) return false
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    // EPERM: it is there, and another user's.
    if (errnoOf(error) === 'ESRCH') return false
  }
  const seen = look(holder.pid)
  if (seen === undefined) return true
  if (seen.zombie) return false
  return seen.started === '' || holder.started === '' || seen.started === holder.started
}

/** Where systemd notes an identity that it makes anew at each start, for a machine that keeps none: by that no process of before would ever be gone. */
const TRANSIENT = '/run/machine-id'

/**
 * As it was given to the machine at its installation. Not itself, which is to be kept from others, but what follows from it. The folder provider has
 * this for itself: a plugin has nothing of core but the contract.
 */
function machineIdentity(): string {
  if (fs.existsSync(TRANSIENT)) return ''
  for (const path of ['/etc/machine-id', '/var/lib/dbus/machine-id'])
    try {
      const id = fs.readFileSync(path, 'latin1').trim()
      if (/^[0-9a-f]{32}$/.test(id))
        return createHash('sha256').update(`lsync ${id}`).digest('hex').slice(0, 32)
    } catch {
      // None here.
    }
  return ''
}

function bootIdentity(): string {
  try {
    return fs.readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
  } catch {
    // To the minute, rounded: the clock may be set a little between two looks.
    return `minute-${Math.round((Date.now() / 1000 - os.uptime()) / 60)}`
  }
}

/** Undefined where the system does not say. */
function look(pid: number): { readonly started: string; readonly zombie: boolean } | undefined {
  try {
    if (process.platform === 'linux') {
      const line = fs.readFileSync(`/proc/${pid}/stat`, 'latin1')
      // The second field is the program's name in parentheses, which may itself hold spaces and parentheses.
      const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
      return { started: fields[19] ?? '', zombie: fields[0] === 'Z' || fields[0] === 'X' }
    }
    if (process.platform === 'win32') return undefined
    const said = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      encoding: 'latin1',
      env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
    const [state = '', ...started] = said.split(/\s+/)
    return { started: started.join(' '), zombie: state.startsWith('Z') }
  } catch {
    return undefined
  }
}
