import { fileURLToPath } from 'node:url'
import { type Interfaces, run as runOclif } from '@oclif/core'
import { captureOutput } from '@oclif/test'
import pjson from '../package.json' with { type: 'json' }
import type { Sandbox } from './sandbox.ts'

/** The package with its sources for its build. */
const SOURCES: Interfaces.PJSON = {
  ...pjson,
  oclif: {
    ...pjson.oclif,
    commands: './src/commands',
    hooks: { command_not_found: ['./src/hooks/command-not-found'] },
    topicSeparator: ' ',
  },
}

export interface Outcome {
  readonly stdout: string
  readonly stderr: string
  readonly exit: number
}

/** Runs a command in this process, straight from the TypeScript sources, as if started in the sandbox. Arguments arrive as they are. */
export async function run(
  { folder, environment }: Pick<Sandbox, 'folder' | 'environment'>,
  ...argv: readonly string[]
): Promise<Outcome> {
  const before = { ...process.env }
  Object.assign(process.env, environment)
  try {
    const { stdout, stderr, error } = await captureOutput(
      () =>
        // -C, since workers cannot change their folder.
        runOclif([...argv, '-C', folder], {
          ignoreManifest: true,
          isRoot: true,
          pjson: SOURCES,
          root: fileURLToPath(new URL('..', import.meta.url)),
        }),
      { stripAnsi: false },
    )
    const exit = error?.oclif?.exit
    if (error !== undefined && exit === undefined) throw error
    return { stdout, stderr, exit: exit ?? 0 }
  } finally {
    process.env = before
  }
}

/** What tests look into; the rest they match whole. */
export interface Document {
  readonly actions: readonly { readonly path: string }[]
  readonly error?: { readonly message: string }
  readonly [fact: string]: unknown
}

/** A command with `--json`: its document, and what came beside it. */
export async function json(
  where: Sandbox,
  ...argv: readonly string[]
): Promise<Outcome & { readonly document: Document }> {
  const outcome = await run(where, ...argv, '--json')
  return { ...outcome, document: JSON.parse(outcome.stdout) }
}
