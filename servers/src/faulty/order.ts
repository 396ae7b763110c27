/** Stores list in the order of the UTF-8 bytes; JavaScript compares UTF-16 units, which differs where surrogates meet U+E000…U+FFFF. */
export function compareUtf8(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length)
  for (let index = 0; index < shorter; index++) {
    const x = a.charCodeAt(index)
    const y = b.charCodeAt(index)
    if (x !== y) return rank(x) - rank(y)
  }
  return a.length - b.length
}

function rank(unit: number): number {
  if (unit < 0xd800) return unit
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000
}

/** The first place whose key is not below. */
export function lowerBound(keys: readonly string[], key: string, compare = compareUtf8): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compare(keys[middle] ?? '', key) < 0) low = middle + 1
    else high = middle
  }
  return low
}
