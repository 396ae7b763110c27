import type { BaseEntry, Row } from '../model/entry.ts'
import { isWithin } from '../model/path.ts'
import type { SortedStream } from '../model/side.ts'
import { compareKeys } from '../provider/index.ts'

/** What the journal says over the database; undefined stands for a dropped row. */
export type Overlay = ReadonlyMap<string, BaseEntry | undefined>

export type SortedOverlay = readonly (readonly [string, BaseEntry | undefined])[]

/** Few enough that a page's text is gone before the memory behind it is tidied. */
const PAGE = 256

export function sortOverlay(overlay: Overlay, within: readonly string[]): SortedOverlay {
  return [...overlay]
    .filter(([path]) => isWithin(path, within))
    .toSorted(([a], [b]) => compareKeys(a, b))
}

/** The stream with the overlay's rows in place of its own, in order. */
export async function* overlaid<T extends { readonly path: string }>(
  stream: SortedStream<T>,
  overlay: SortedOverlay,
  make: (row: Row) => T,
): SortedStream<T> {
  let next = 0
  let page: T[] = []
  const takeOverlay = (before: string | undefined): void => {
    for (let top = overlay[next]; top !== undefined; top = overlay[++next]) {
      const [path, entry] = top
      if (before !== undefined && compareKeys(path, before) >= 0) return
      if (entry !== undefined) page.push(make({ path, entry }))
    }
  }
  for await (const items of stream) {
    if (next === overlay.length && page.length === 0) {
      yield items
      continue
    }
    for (const item of items) {
      takeOverlay(item.path)
      if (overlay[next]?.[0] === item.path) continue
      page.push(item)
    }
    if (page.length >= PAGE) {
      yield page
      page = []
    }
  }
  takeOverlay(undefined)
  if (page.length > 0) yield page
}
