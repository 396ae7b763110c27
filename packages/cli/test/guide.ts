import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'

const folder = fileURLToPath(new URL('../../../docs/guide', import.meta.url))
const bin = fileURLToPath(new URL('../bin/run.js', import.meta.url))

/** The pages of the guide; each stands by itself. */
export const PAGES = readdirSync(folder).filter((name) => name.endsWith('.md'))

interface Step {
  readonly command: string
  readonly exit: number
  /** Lines of output, with an ellipsis for what differs from run to run. */
  readonly output: readonly string[]
}

function stepsOf(text: string): Step[] {
  const blocks = [...text.matchAll(/```console\n([\s\S]*?)```/g)].map((match) => match[1] ?? '')
  return blocks.flatMap((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((step) => {
        const [first = '', ...output] = step.trimEnd().split('\n')
        const [command = '', exit] = first.split(/\s+# exit /)
        return { command, exit: Number(exit ?? 0), output }
      }),
  )
}

/** What is written stands in what was printed, in this order. */
function matches(output: readonly string[], printed: string): boolean {
  const pattern = output
    .join('\n')
    .split('…')
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
    .join('[\\s\\S]*')
  return new RegExp(`^${pattern}\\s*$`).test(printed)
}

/** Where a guide's remotes are, if not in folders: what stands for `file:./` and `file://`. */
export interface Elsewhere {
  readonly remotes: string
  readonly scheme: string
  readonly environment: Readonly<Record<string, string>>
}

/** Runs a page's commands in an empty folder, one after the other, and compares what they print. */
export function runPage(page: string, elsewhere?: Elsewhere): void {
  const written = readFileSync(join(folder, page), 'utf8')
  const text =
    elsewhere === undefined
      ? written
      : written
          .replaceAll(/file:\.\.?\//g, elsewhere.remotes)
          .replaceAll('with file://…', `with ${elsewhere.scheme}://…`)
  const steps = stepsOf(text)
  expect(steps.length).toBeGreaterThan(0)
  const place = mkdtempSync(join(tmpdir(), 'lsync-guide-'))
  try {
    const programs = join(place, 'programs')
    const work = join(place, 'work')
    for (const made of [programs, work]) mkdirSync(made)
    writeFileSync(
      join(programs, 'lsync'),
      `#!/bin/sh\nexec "${process.execPath}" "${bin}" "$@"\n`,
      { mode: 0o755 },
    )
    const environment = {
      ...process.env,
      ...elsewhere?.environment,
      HOME: place,
      LSYNC_DATA_DIR: join(place, 'data'),
      XDG_CONFIG_HOME: join(place, 'config'),
      PATH: `${programs}:${process.env['PATH'] ?? ''}`,
    }
    for (const { command, exit, output } of steps) {
      const ran = spawnSync('sh', ['-c', command], {
        cwd: work,
        env: environment,
        encoding: 'utf8',
      })
      const printed = ran.stdout + ran.stderr
      expect(ran.status, `${command}\n${printed}`).toBe(exit)
      if (output.length > 0) expect(matches(output, printed), `${command}\n${printed}`).toBe(true)
    }
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}
