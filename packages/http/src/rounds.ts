/**
 * Sees a listing that goes on for ever: one that comes round to a place where it was, however long the way. Of all those places it keeps one, and
 * a later one each time the way has doubled (Brent's way to find a circle).
 * @returns true of a place (a token, a marker) where the listing went on before
 */
export function comingRound(): (place: string) => boolean {
  let kept: string | undefined
  let steps = 0
  let longest = 1
  return (place) => {
    if (place === kept) return true
    if (++steps < longest) return false
    kept = place
    steps = 0
    longest *= 2
    return false
  }
}
