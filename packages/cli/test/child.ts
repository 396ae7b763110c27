import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import type { Sandbox } from './sandbox.ts'

/** The built command, as a person starts it. */
export const BIN = fileURLToPath(new URL('../bin/run.js', import.meta.url))

export interface Ended {
  readonly exit: number | null
  readonly stdout: string
  readonly stderr: string
}

export function start(
  box: Sandbox,
  argv: readonly string[],
  {
    input = 'ignore',
    node = [],
  }: { readonly input?: 'ignore' | 'pipe'; readonly node?: readonly string[] } = {},
): ChildProcess {
  return spawn(process.execPath, [...node, BIN, ...argv], {
    cwd: box.folder,
    env: { ...process.env, ...box.environment },
    stdio: [input, 'pipe', 'pipe'],
  })
}

export function ended(child: ChildProcess): Promise<Ended> {
  const said = { stdout: '', stderr: '' }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (said.stdout += text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said.stderr += text))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (exit) => {
      resolve({ exit, ...said })
    })
  })
}

/** A repository `a` of the remote `./remote`, with these files, of which none is sent yet. */
export async function repository(
  box: Sandbox,
  files: Readonly<Record<string, string | Buffer>>,
): Promise<void> {
  const init = await ended(start(box, ['init', './remote', 'a']))
  expect(init).toMatchObject({ exit: 0, stderr: '' })
  for (const [name, content] of Object.entries(files)) writeFileSync(box.path('a', name), content)
}
