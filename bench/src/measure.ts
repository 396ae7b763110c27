import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** One run of a command, as a whole process. */
export interface Measured {
  /** Seconds on the wall. */
  readonly wall: number
  /** Seconds of processor time, user and system. */
  readonly cpu: number
  /** Peak resident memory in MB. */
  readonly memory: number
}

const TICKS = 100

/** Runs a command to its end; throws with what it said if it fails. Figures come from /proc: Linux only. */
export async function measure(
  command: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Measured> {
  const [program = '', ...args] = command
  const began = performance.now()
  const child = spawn(program, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2000)))
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2000)))
  let cpu = 0
  let memory = 0
  const look = (): void => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
      const peak = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024
      memory = Math.max(memory, peak)
      const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      cpu = Math.max(cpu, (Number(fields[11]) + Number(fields[12])) / TICKS)
    } catch {
      // It ended between two looks.
    }
  }
  const looking = setInterval(look, 10)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  clearInterval(looking)
  const wall = (performance.now() - began) / 1000
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${said}`)
  return { wall, cpu, memory }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
