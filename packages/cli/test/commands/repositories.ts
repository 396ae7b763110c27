import { mkdirSync, writeFileSync } from 'node:fs'
import { expect, onTestFinished } from 'vitest'
import { run } from '../run.ts'
import { type Sandbox, sandbox } from '../sandbox.ts'

export function temporary(): Sandbox {
  const box = sandbox()
  onTestFinished(() => {
    box[Symbol.dispose]()
  })
  return box
}

/** A sandbox with `a`, a repository that was synced with `remote`, and as many files as asked for. */
export async function repository(
  files: Readonly<Record<string, string>> = { x: 'one' },
): Promise<Sandbox> {
  const box = temporary()
  mkdirSync(box.path('a'))
  for (const [name, text] of Object.entries(files)) writeFileSync(box.path('a', name), text)
  expect(await run(box, 'init', './remote', 'a')).toMatchObject({ exit: 0 })
  expect(await run(inside(box, 'a'), 'sync')).toMatchObject({ exit: 0 })
  return box
}

/** As above, with a clone `b`. */
export async function clones(files?: Readonly<Record<string, string>>): Promise<Sandbox> {
  const box = await repository(files)
  expect(await run(box, 'clone', './remote', 'b')).toMatchObject({ exit: 0 })
  return box
}

/** As if started in a folder of the sandbox. */
export function inside(box: Sandbox, ...names: readonly string[]): Sandbox {
  return { ...box, folder: box.path(...names) }
}
