import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** One run of a command, as a whole process with its children. */
export interface Measured {
  /** Seconds on the wall. */
  readonly wall: number
  /** Seconds of processor time, user and system. */
  readonly cpu: number
  /** Peak resident memory in MB, of the largest of its processes. */
  readonly memory: number
}

export type Environment = Readonly<Record<string, string | undefined>>

/** GNU time, which asks the kernel for the figures of the ended process. */
const TIME = '/usr/bin/time'

/** Runs a command to its end; throws with what it said if it fails. */
export async function measure(
  command: readonly string[],
  environment: Environment,
): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'lsync-measure-'))
  const figures = join(folder, 'figures')
  try {
    await run([TIME, '-f', '%e %U %S %M', '-o', figures, ...command], environment)
    const [wall = 0, user = 0, system = 0, kilobytes = 0] = readFileSync(figures, 'utf8')
      .trim()
      .split(' ')
      .map(Number)
    return { wall, cpu: user + system, memory: kilobytes / 1024 }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Returns what the command printed. */
export async function run(command: readonly string[], environment: Environment): Promise<string> {
  const [program = '', ...args] = command
  const child = spawn(program, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  const hear = (chunk: Buffer): void => {
    said = (said + chunk.toString()).slice(-4000)
  }
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${said}`)
  return said
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const [low = Number.NaN, high = low] = [
    sorted[Math.floor((sorted.length - 1) / 2)],
    sorted[Math.floor(sorted.length / 2)],
  ]
  return (low + high) / 2
}
