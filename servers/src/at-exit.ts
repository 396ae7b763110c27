const cleanUps = new Set<() => void>()
let listening = false

/**
 * Has it done should this process end before: processes and folders must not stay behind a test run that was interrupted in the middle of a
 * start. Synchronous. Returns what takes it back.
 */
export function atExit(cleanUp: () => void): () => void {
  if (!listening)
    process.once('exit', () => {
      for (const one of cleanUps) one()
    })
  listening = true
  cleanUps.add(cleanUp)
  return () => {
    cleanUps.delete(cleanUp)
  }
}
