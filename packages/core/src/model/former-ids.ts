/** So many, and such as lsync makes: what a stranger writes there fills neither the memory nor the next place's file. */
const MOST = 64
const ID = /^[\w-]{1,64}$/

/** The identities of the places that one was filled from, the nearest first, out of what stands for them in a file. */
export function formerIds(written: unknown): readonly string[] {
  if (!Array.isArray(written)) return []
  const ids = written.filter((id): id is string => typeof id === 'string' && ID.test(id))
  return [...new Set(ids)].slice(0, MOST)
}
