import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import {
  LsyncError,
  type Machine,
  type Nested,
  type OnEvent,
  openRepository,
  type Repository,
} from '@lsync/core'
import { initialize, type SettingFlags } from './initialize.ts'
import { escapeName } from './render/escape.ts'
import { cloneCommand } from './render/nested.ts'

interface BringOptions {
  /** Absent where nobody can be asked. */
  readonly confirm: ((question: string) => Promise<boolean>) | undefined
  readonly signal: AbortSignal
  readonly onEvent: OnEvent
}

/**
 * Makes a nested repository that others have a repository here too. Whoever may write to the outer remote named its place: a person sees it
 * first, and nothing is written to it unless it is the repository that was named.
 */
export async function bringNested(
  machine: Machine,
  outer: Repository,
  { path, pointer }: Nested,
  name: string,
  { confirm, ...options }: BringOptions,
): Promise<Repository> {
  const folder = join(outer.root, path)
  const remote = pointer?.remote
  if (remote === undefined)
    throw new LsyncError('unknown-remote', `nobody said where ${path} is`, { folder })
  const settings = pointer?.settings ?? {}
  const unconfirmed = (): LsyncError =>
    new LsyncError('unconfirmed-remote', `nobody confirmed ${remote}`, {
      remote,
      clone: cloneCommand(remote, folder, settings),
    })
  if (confirm === undefined) throw unconfirmed()
  const question = [
    `${escapeName(name)} is a repository of its own. The remote around it says that it syncs with`,
    `  ${escapeName(remote)}`,
    ...Object.entries(settings).map(([key, value]) => `  ${key}: ${escapeName(value)}`),
    'Bring it here from there? [y/N] ',
  ].join('\n')
  if (!(await confirm(question))) throw unconfirmed()
  await expectFolders(outer, path)
  await initialize(machine, {
    ...options,
    here: outer.root,
    folder,
    remote,
    flags: settingFlagsOf(settings),
    ...(pointer?.id === undefined ? {} : { identity: pointer.id }),
    create: false,
  })
  return openRepository(machine, folder)
}

/** No link on the way: what is brought stays in the repository. */
async function expectFolders({ disk, root }: Repository, path: string): Promise<void> {
  for (let end = path.indexOf('/'); ; end = path.indexOf('/', end + 1)) {
    const folder = end < 0 ? path : path.slice(0, end)
    const stat = await disk.stat(folder)
    if (stat !== undefined && stat.kind !== 'folder')
      throw new LsyncError('bad-path', `${folder} is no folder`, {
        path: join(root, folder),
        reason: 'it is no folder, so nothing can be brought there',
      })
    if (end < 0) return
  }
}

function settingFlagsOf({
  region,
  endpoint,
  ...others
}: Readonly<Record<string, string>>): SettingFlags {
  return {
    region,
    endpoint,
    set: Object.entries(others).map(([key, value]) => `${key}=${value}`),
  }
}

/** Asks the person at the terminal; undefined where there is none. Ctrl-D is a no, and Ctrl-C interrupts the command. */
export function terminalConfirm(
  signal: AbortSignal,
  interrupt: () => never,
): ((question: string) => Promise<boolean>) | undefined {
  const { stdin, stderr } = process
  if (!stdin.isTTY || !stderr.isTTY) return undefined
  return async (question) => {
    const terminal = createInterface({ input: stdin, output: stderr })
    let interrupted = false
    terminal.once('SIGINT', () => {
      interrupted = true
      terminal.close()
    })
    // The end of the input leaves the question open in some versions of Node.js, and is an error in others.
    const closed = new Promise<undefined>((resolve) => {
      terminal.once('close', () => {
        resolve(undefined)
      })
    })
    const answered = terminal.question(question, { signal }).catch(() => undefined)
    const answer = await Promise.race([answered, closed])
    terminal.close()
    if (answer === undefined) stderr.write('\n')
    signal.throwIfAborted()
    if (interrupted) interrupt()
    return /^y(es)?$/i.test(answer?.trim() ?? '')
  }
}
