/**
 * The order of keys everywhere in lsync: that of their UTF-8 bytes, which is the order in which stores list.
 * JavaScript compares UTF-16 code units, which differs where surrogates meet U+E000…U+FFFF: those are swapped first.
 */
export function compareKeys(a: string, b: string): number {
  if (a === b) return 0
  const shorter = Math.min(a.length, b.length)
  for (let i = 0; i < shorter; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return x >= 0xd800 && y >= 0xd800 ? swapped(x) - swapped(y) : x - y
  }
  return a.length - b.length
}

function swapped(unit: number): number {
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000
}
