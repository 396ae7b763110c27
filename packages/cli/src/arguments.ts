/** oclif wants the command first; people write `lsync -C dir sync`, as with git and make. */
export function reorder(argv: readonly string[]): string[] {
  const leading: string[] = []
  let index = 0
  for (; argv[index]?.startsWith('-C') === true; index++) {
    leading.push(argv[index] ?? '')
    if (argv[index] === '-C') leading.push(argv[++index] ?? '')
  }
  const rest = argv.slice(index)
  const end = rest.findIndex((argument, position) => position > 0 && argument === '--')
  return end < 0 ? [...rest, ...leading] : [...rest.slice(0, end), ...leading, ...rest.slice(end)]
}
