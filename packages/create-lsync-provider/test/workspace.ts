import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** A folder that is gone after the test. */
export function temporary(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'lsync-create-')))
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  return folder
}

/** As `npm install` would, with what this workspace holds: the built packages and the same tools. */
export function install(folder: string): void {
  const packages = {
    '@lsync/core': 'packages/core',
    '@lsync/conformance': 'packages/conformance',
    '@types/node': 'node_modules/@types/node',
    typescript: 'node_modules/typescript',
    vitest: 'node_modules/vitest',
  }
  for (const [name, path] of Object.entries(packages)) {
    const place = join(folder, 'node_modules', name)
    mkdirSync(dirname(place), { recursive: true })
    symlinkSync(join(root, path), place)
  }
}

export interface Ran {
  readonly status: number | null
  readonly output: string
}

/** Runs a tool of the workspace in a generated package. */
export function run(folder: string, tool: 'tsc' | 'vitest', ...argv: readonly string[]): Ran {
  const { status, stdout, stderr } = spawnSync(join(root, 'node_modules', '.bin', tool), argv, {
    cwd: folder,
    encoding: 'utf8',
    // Not what runs this test: it is a run of its own.
    env: { PATH: process.env['PATH'], HOME: folder },
  })
  return { status, output: stdout + stderr }
}
