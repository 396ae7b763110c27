import { join } from 'node:path'
import type { Nested } from '@lsync/core'
import { escapeName } from './escape.ts'
import { count } from './format.ts'
import { shellWord } from './shell-word.ts'

/** What a run told the remote of the repositories within this one. */
export function toldLines(nested: readonly Nested[], dryRun: boolean): readonly string[] {
  const would = dryRun ? 'would ' : ''
  return nested.flatMap(({ path, effect, result, pointer }) => {
    if (effect === undefined || (result !== 'done' && result !== 'planned')) return []
    const name = escapeName(path)
    return effect === 'publish'
      ? [`${would}note ${name} as a repository of its own${addressOf(pointer?.remote)}`]
      : [`${would}note that ${name} is no repository of its own any more`]
  })
}

/** For a clone: what did not come with it, and how it comes. */
export function elsewhereLines(nested: readonly Nested[], root: string): readonly string[] {
  return nested.flatMap(({ path, state, pointer }) =>
    state === 'elsewhere'
      ? [
          `${escapeName(path)} is a repository of its own, not brought here${comingBy(join(root, path), pointer)}`,
        ]
      : [],
  )
}

/** All of them, for a status. */
export function nestedLines(nested: readonly Nested[], root: string): readonly string[] {
  if (nested.length === 0) return []
  return [
    'Repositories within this one:',
    ...nested.flatMap(({ path, state, pointer, effect, leftOver }) => {
      const words = effect === 'publish' ? 'here; the next sync tells others' : STATES[state]
      const coming = state === 'elsewhere' ? comingBy(join(root, path), pointer) : ''
      const { here, remote, paths } = leftOver
      const left = [
        ...(here > 0 ? [`${count(here, 'file')} here`] : []),
        ...(remote > 0 ? [`${count(remote, 'file')} on this remote`] : []),
      ]
      const more = Math.max(here, remote) > paths.length ? ', …' : ''
      return [
        `  ${escapeName(path)}${addressOf(pointer?.remote)}: ${words}${coming}`,
        ...(left.length > 0
          ? [
              `    left over from before, and left alone (${left.join(', ')}): ${paths.map(escapeName).join(', ')}${more}`,
            ]
          : []),
      ]
    }),
  ]
}

const STATES: Readonly<Record<Nested['state'], string>> = {
  here: 'here',
  elsewhere: 'not here',
  gone: 'removed here; the next sync tells others',
  kept: 'here, and removed by others: delete it if nobody needs it',
  differs: 'here with another remote than others noted',
  unfinished: 'its .lsync folder has no configuration that can be read',
  refused: 'not used',
}

function comingBy(folder: string, pointer: Nested['pointer']): string {
  return pointer?.remote === undefined
    ? ''
    : `; to bring it: ${cloneCommand(pointer.remote, folder, pointer.settings)}`
}

/** What a person who trusts the place would type; safe to print. */
export function cloneCommand(
  remote: string,
  folder: string,
  settings: Readonly<Record<string, string>>,
): string {
  // As one word: a value may begin like a flag.
  const flags = Object.entries(settings).flatMap(([key, value]) =>
    key === 'region' || key === 'endpoint' ? [`--${key}=${value}`] : ['--set', `${key}=${value}`],
  )
  return ['lsync', 'clone', remote, folder, ...flags].map(shellWord).join(' ')
}

function addressOf(remote: string | undefined): string {
  return remote === undefined ? '' : ` (${escapeName(remote)})`
}
