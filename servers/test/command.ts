import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const BIN = fileURLToPath(new URL('../../packages/cli/bin/run.js', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** The real command, as a process of its own, with a home of its own. */
export class Command {
  readonly folder = mkdtempSync(join(tmpdir(), 'lsync-process-'))
  readonly environment: Record<string, string | undefined>

  constructor(environment: Readonly<Record<string, string | undefined>> = {}) {
    const home = join(this.folder, 'home')
    mkdirSync(home)
    this.environment = {
      ...process.env,
      HOME: home,
      LSYNC_DATA_DIR: join(home, 'data'),
      XDG_CONFIG_HOME: join(home, 'config'),
      ...environment,
    }
  }

  at(name: string): string {
    return join(this.folder, name)
  }

  start(...args: readonly string[]) {
    const child = spawn(process.execPath, [BIN, ...args], {
      cwd: this.folder,
      env: this.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    const ended = new Promise<Ended>((resolve) => {
      child.once('close', (code) => {
        resolve({ code, stdout, stderr })
      })
    })
    return { child, ended }
  }

  run(...args: readonly string[]): Promise<Ended> {
    return this.start(...args).ended
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
