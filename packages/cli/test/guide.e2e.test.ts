import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const guide = readFileSync(new URL('../../../docs/guide/README.md', import.meta.url), 'utf8')
const bin = fileURLToPath(new URL('../bin/run.js', import.meta.url))

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

test('the guide does what it says', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lsync-guide-'))
  try {
    const programs = join(folder, 'programs')
    mkdirSync(programs)
    writeFileSync(
      join(programs, 'lsync'),
      `#!/bin/sh\nexec "${process.execPath}" "${bin}" "$@"\n`,
      { mode: 0o755 },
    )
    const work = join(folder, 'work')
    mkdirSync(work)
    const environment = {
      ...process.env,
      HOME: folder,
      LSYNC_DATA_DIR: join(folder, 'data'),
      XDG_CONFIG_HOME: join(folder, 'config'),
      PATH: `${programs}:${process.env['PATH'] ?? ''}`,
    }
    const steps = stepsOf(guide)
    expect(steps.length).toBeGreaterThan(20)
    for (const { command, exit, output } of steps) {
      const ran = spawnSync('sh', ['-c', command], {
        cwd: work,
        env: environment,
        encoding: 'utf8',
      })
      expect(ran.status, `${command}\n${ran.stdout}${ran.stderr}`).toBe(exit)
      if (output.length > 0)
        expect(
          matches(output, ran.stdout + ran.stderr),
          `${command}\n${ran.stdout}${ran.stderr}`,
        ).toBe(true)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
