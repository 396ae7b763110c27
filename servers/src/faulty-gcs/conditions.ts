import { conditionNotMet, GcsError, invalid } from './errors.ts'
import type { StoredObject } from './store.ts'

type Query = ReadonlyMap<string, string>

/** The conditions of a request on what is there now: 0 stands for "nothing". `prefix` is `ifSource` for the source of a rewrite. */
export function checkConditions(
  query: Query,
  current: StoredObject | undefined,
  { prefix = 'if', reads = false }: { readonly prefix?: string; readonly reads?: boolean } = {},
): void {
  const conditions = [
    ['Generation', current?.generation ?? 0],
    ['Metageneration', current?.metageneration ?? 0],
  ] as const
  for (const [name, actual] of conditions) {
    const match = number(query, `${prefix}${name}Match`)
    if (match !== undefined && match !== actual) throw conditionNotMet()
    const not = number(query, `${prefix}${name}NotMatch`)
    if (not !== undefined && not === actual)
      throw reads ? new GcsError(304, 'notModified', '') : conditionNotMet()
  }
}

/** A number of 64 bits. */
export function number(query: Query, name: string): number | undefined {
  const told = query.get(name)
  if (told === undefined) return undefined
  if (!/^\d+$/.test(told)) throw invalid(`Invalid value '${told}' for ${name}.`)
  return Number(told)
}
