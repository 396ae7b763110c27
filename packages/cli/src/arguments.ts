import { chdir } from 'node:process'

/**
 * `lsync -C DIR sync`: as with git and make, the folder may come first, several times. It is entered here, so that everything after it runs
 * as if started there, commands of oclif's own plugins too. oclif wants the command first: what cannot be settled here goes behind it, and
 * the command says what is wrong.
 */
export function enterFolder(
  argv: readonly string[],
  enter: (folder: string) => void = chdir,
): string[] {
  const behind: string[] = []
  let index = 0
  for (; index < argv.length; index++) {
    const argument = argv[index] ?? ''
    if (argument === '--json') {
      behind.push(argument)
      continue
    }
    const separate = argument === '-C' || argument === '--directory'
    const folder = separate ? argv[++index] : /^(?:-C|--directory=)(.+)$/s.exec(argument)?.[1]
    if (folder === undefined) {
      if (!separate) break
      behind.push(argument)
      continue
    }
    try {
      enter(folder)
    } catch {
      behind.push('-C', folder)
    }
  }
  const rest = argv.slice(index)
  const end = rest.indexOf('--')
  return end < 0 ? [...rest, ...behind] : [...rest.slice(0, end), ...behind, ...rest.slice(end)]
}
