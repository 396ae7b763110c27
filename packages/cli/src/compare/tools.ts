import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, extname, join } from 'node:path'
import type { Machine } from '@lsync/core'

/** Programs that a person wants used. They come from her own configuration and environment only, never from a repository: they are run. */
export interface Tools {
  readonly pager: string
  readonly editor: string
  readonly diff?: string
  readonly merge?: string
}

export function toolsOf({ environment, userConfig }: Machine): Tools {
  const { diffTool, mergeTool } = userConfig ?? {}
  return {
    pager: environment['PAGER'] || 'less',
    editor: environment['VISUAL'] || environment['EDITOR'] || 'vi',
    ...(diffTool === undefined ? {} : { diff: diffTool }),
    ...(mergeTool === undefined ? {} : { merge: mergeTool }),
  }
}

/** Runs a command line of the user's on this terminal. Returns its exit code; 127 where it cannot be started. */
export async function runTool(
  command: string,
  variables: Readonly<Record<string, string>>,
  input?: string,
): Promise<number> {
  // What is meant for the tool (Ctrl-C, too) is none of ours while it runs.
  const ignore = (): void => undefined
  const others = process.listeners('SIGINT')
  process.removeAllListeners('SIGINT')
  process.on('SIGINT', ignore)
  try {
    return await new Promise<number>((resolve, reject) => {
      const child = spawn('/bin/sh', ['-c', command], {
        env: { ...process.env, ...variables },
        // Where nobody looks at stdout, it is for the command's own result: a document, say.
        stdio: [
          input === undefined ? 'inherit' : 'pipe',
          process.stdout.isTTY ? 'inherit' : process.stderr.fd,
          'inherit',
        ],
      })
      child.on('error', reject)
      child.on('close', (code) => {
        resolve(code ?? 1)
      })
      // A pager that was left before the end takes no more.
      child.stdin?.on('error', () => undefined)
      child.stdin?.end(input)
    })
  } finally {
    process.off('SIGINT', ignore)
    for (const listener of others) process.on('SIGINT', listener as NodeJS.SignalsListener)
  }
}

/** Shows text page by page, with the defaults of git: what fits the screen is just printed, colours are kept. */
export async function page({ pager }: Tools, text: string): Promise<void> {
  const code = await runTool(pager, { LESS: process.env['LESS'] ?? 'FRX', LV: '-c' }, text)
  if (code === 127) process.stdout.write(text)
}

/** A tool whose command line names no file gets those that it is for at its end. */
export function withFiles(command: string, ...variables: readonly string[]): string {
  return command.includes('$')
    ? command
    : `${command} ${variables.map((name) => `"$${name}"`).join(' ')}`
}

/** Files for a tool, in a folder that only this user can read, gone when it ends. The names keep the extension, so that editors know the language. */
export class Workshop implements AsyncDisposable {
  readonly #folder: string
  readonly #stem: string
  readonly #extension: string

  private constructor(folder: string, path: string) {
    this.#folder = folder
    // A name may come from a bucket, and a tool's command line may leave out the quotes.
    this.#extension = plain(extname(path))
    this.#stem = plain(basename(path, extname(path))).slice(0, 60)
  }

  static async open(path: string): Promise<Workshop> {
    return new Workshop(await inTemporary(mkdtemp(join(tmpdir(), 'lsync-'))), path)
  }

  async put(
    role: string,
    content: AsyncIterable<Uint8Array> | Uint8Array | string,
  ): Promise<string> {
    const file = join(this.#folder, `${this.#stem}.${role}${this.#extension}`)
    await inTemporary(writeFile(file, content, { flag: 'wx', mode: 0o600 }))
    return file
  }

  async take(file: string): Promise<Uint8Array> {
    return inTemporary(readFile(file))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true })
  }
}

/** LsyncError `disk`: that folder may be missing, closed to this user, or full, and the program may have removed what is in it. */
async function inTemporary<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    const { diskError, LsyncError } = await import('@lsync/core')
    const path = tmpdir()
    const reason = `${diskError(path, error).message}; files for a program are put there, or where TMPDIR says`
    throw new LsyncError('disk', `${path}: ${reason}`, { path, reason }, error)
  }
}

function plain(name: string): string {
  return name.replaceAll(/[^\w.-]/gu, '_')
}
