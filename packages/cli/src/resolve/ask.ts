import type { Key } from 'node:readline'
import type { Conflict } from '@lsync/core'
import { localContent, remoteContent } from '../compare/contents.ts'
import { showDifference, sidesLines } from '../compare/show.ts'
import type { Tools } from '../compare/tools.ts'
import { escapeName } from '../render/escape.ts'
import { mergeOne } from './merge-one.ts'
import { isMoved, type Session } from './session.ts'

type Choice = 'diff' | 'local' | 'remote' | 'both' | 'merge' | 'skip' | 'quit'

export interface Person {
  readonly say: (lines: string | Iterable<string>) => void
  readonly tools: Tools
  /** That the command is to end; at a question, Ctrl-C is a key, and this somebody else's `kill`. */
  readonly signal: AbortSignal
}

/** Asks for each conflict what is to become of it, and does that at once. Returns the conflicts that are left. */
export async function askOneByOne(
  session: Session,
  conflicts: readonly Conflict[],
  person: Person,
): Promise<readonly Conflict[]> {
  const left: Conflict[] = []
  for (const [index, conflict] of conflicts.entries()) {
    const rest = conflicts.slice(index)
    const place = conflicts.length === 1 ? '' : ` (${index + 1} of ${conflicts.length})`
    const outcome = await settleOne(session, conflict, person, place)
    if (outcome === 'quit') return [...left, ...rest]
    if (outcome !== undefined) left.push(outcome)
  }
  return left
}

/** Undefined once it is settled. What moved since it was shown is shown again. */
async function settleOne(
  session: Session,
  first: Conflict,
  person: Person,
  place: string,
): Promise<Conflict | 'quit' | undefined> {
  const { path } = first
  let conflict = first
  person.say(['', ...describe(conflict, place)])
  for (;;) {
    const choice = await ask(conflict, person.signal)
    if (choice === 'quit') return 'quit'
    if (choice === 'skip') return conflict
    if (choice === 'diff') {
      await show(session, path, person)
      continue
    }
    const halts = session.halted.length
    const left =
      choice === 'merge'
        ? await merge(session, conflict, person)
        : (await session.keepAll([conflict], choice, [path]))[0]
    if (left === undefined) return undefined
    if (session.halted.length > halts) return left
    if (isMoved(left, conflict)) person.say(`${escapeName(path)} changed since it was shown:`)
    conflict = left
    if (choice !== 'merge') person.say(describe(conflict, place))
  }
}

async function show(session: Session, path: string, { say, tools }: Person): Promise<void> {
  await using sides = await session.open(path)
  const local = await localContent(sides)
  const remote = await remoteContent(sides, local?.size)
  if (local?.text === undefined || remote?.text === undefined)
    say(sidesLines(sides, { local: local?.sha256, remote: remote?.sha256 }))
  else await showDifference(tools, path, { side: 'remote', text: remote.text }, local.text)
}

async function merge(
  session: Session,
  conflict: Conflict,
  { say, tools }: Person,
): Promise<Conflict | undefined> {
  const { left, said } = await mergeOne(session, conflict, tools, true)
  say(said)
  return left
}

function describe(conflict: Conflict, place: string): readonly string[] {
  const { path, kind, local, remote, base } = conflict
  if (kind === 'file-folder')
    return [
      `${escapeName(path)} is a ${local === 'absent' ? 'folder here and a file' : 'file here and a folder'} on the remote${place}`,
    ]
  return [
    `${escapeName(path)} changed on both sides${place}`,
    ...sidesLines({
      local: local === 'absent' ? undefined : local,
      remote: remote === 'absent' ? undefined : remote,
      base,
    }),
  ]
}

/** The end of the input, as by Ctrl-D, is an answer too: the question itself would wait for another one. */
async function ask(conflict: Conflict, signal: AbortSignal): Promise<Choice> {
  const ended = new AbortController()
  const end = (): void => {
    ended.abort()
  }
  const onKey = (_: unknown, { ctrl, name }: Key): void => {
    if (ctrl === true && name === 'd') end()
  }
  process.stdin.on('keypress', onKey).on('end', end)
  try {
    return await choiceFor(conflict, AbortSignal.any([ended.signal, signal]))
  } catch (error) {
    signal.throwIfAborted()
    if (ended.signal.aborted) return 'quit'
    throw error
  } finally {
    process.stdin.off('keypress', onKey).off('end', end)
  }
}

async function choiceFor({ path, kind }: Conflict, signal: AbortSignal): Promise<Choice> {
  // Loaded only where somebody is asked.
  const { default: select } = await import('@inquirer/select')
  const choices: readonly { readonly value: Choice; readonly name: string }[] =
    kind === 'content'
      ? [
          { value: 'diff', name: 'show the difference' },
          { value: 'local', name: 'keep local (what the remote has goes to the trash)' },
          { value: 'remote', name: 'keep remote (what is here goes to the trash)' },
          { value: 'both', name: "keep both (the remote's arrives beside it, under another name)" },
          { value: 'merge', name: 'merge' },
          { value: 'skip', name: 'skip: leave it as it is' },
          { value: 'quit', name: 'quit' },
        ]
      : [
          { value: 'local', name: 'keep local (what the remote has there goes to the trash)' },
          { value: 'remote', name: 'keep remote (what is here goes to the trash)' },
          { value: 'both', name: 'keep both (what is here gets another name)' },
          { value: 'skip', name: 'skip: leave it as it is' },
          { value: 'quit', name: 'quit' },
        ]
  return select(
    { message: escapeName(path), choices: [...choices], pageSize: choices.length },
    { signal },
  )
}
