/** Exit codes; scripts rely on them (docs/json.md). */
export const EXIT = {
  done: 0,
  bug: 1,
  usage: 2,
  conflicts: 3,
  problems: 4,
  halted: 5,
  remote: 6,
  locked: 7,
  pending: 8,
  interrupted: 130,
} as const
