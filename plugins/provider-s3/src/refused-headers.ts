import { isStorageError } from '@lsync/core/provider'

/** Kinds of headers that some stores refuse whatever they say: Alibaba's conditions of writes, Backblaze all that is about checksums. */
export const REFUSABLE = ['if-match', 'if-none-match', 'delete-if-match', 'checksums'] as const
export type Refusable = (typeof REFUSABLE)[number]

/** Who leaves out of its requests what the store refuses. */
interface Refused {
  readonly refused: Set<Refusable>
}

/** Reads keep their conditions: they are HTTP's own. */
export function isRefused(
  refused: ReadonlySet<Refusable>,
  method: string,
  header: string,
): boolean {
  if (header.startsWith('x-amz-checksum-')) return refused.has('checksums')
  if (method === 'GET' || (header !== 'if-match' && header !== 'if-none-match')) return false
  return refused.has(method === 'DELETE' ? 'delete-if-match' : header)
}

/** By which a store may say that it does not take a header, among other things. */
export function isNotTaken(error: unknown): boolean {
  if (!isStorageError(error)) return false
  const said = error.code === 'refused' || error.code === 'unsupported'
  return isBareRefusal(error) || (said && /^status (?:400|501)\b/.test(error.detail ?? ''))
}

/** Without a word, as every refusal of HEAD. */
export function isBareRefusal(error: unknown): boolean {
  return isStorageError(error) && /^status (?:400|501)$/.test(error.detail ?? '')
}

/** What is left out of a write, in the order in which it is tried. */
const TRIED: readonly (readonly Refusable[])[] = [
  [],
  ['checksums'],
  ['if-none-match'],
  ['checksums', 'if-none-match'],
]

/** Finds out by a create what it must leave out for the store to take it. The first refusal, if it never does. */
export async function findRefused<T>({ refused }: Refused, create: () => Promise<T>): Promise<T> {
  let refusal: unknown
  for (const without of TRIED) {
    refused.clear()
    for (const kind of without) refused.add(kind)
    try {
      return await create()
    } catch (error) {
      if (!isNotTaken(error)) throw error
      refusal ??= error
    }
  }
  refused.clear()
  throw refusal
}

/** The operation, which notes it if it is refused for a header of that kind. */
export function noting<T>(
  { refused }: Refused,
  kind: Refusable,
  operation: () => Promise<T>,
): () => Promise<T> {
  return async () => {
    try {
      return await operation()
    } catch (error) {
      if (isNotTaken(error)) refused.add(kind)
      throw error
    }
  }
}

/** Before any probe: a read that was refused is asked for once more without checksums, which are left out from then on if that is taken. */
export async function withoutChecksums<T>(
  { refused }: Refused,
  refusal: unknown,
  read: () => Promise<T>,
): Promise<T> {
  // Others may be at it in the same moment.
  const isNew = !refused.has('checksums')
  refused.add('checksums')
  try {
    return await read()
  } catch (error) {
    if (!isNotTaken(error)) throw error
    if (isNew) refused.delete('checksums')
    throw refusal
  }
}
