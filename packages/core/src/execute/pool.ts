/**
 * Runs a task for each item, at most so many at once. The first failure stops the rest: running tasks are aborted and awaited, so that
 * nothing goes on behind the caller's back, and the failure is rethrown.
 * @param items an iterator that takes a call of `next` before the one before has resolved, as generators do
 */
export async function runPool<T>(
  items: Iterable<T> | AsyncIterable<T>,
  atOnce: number,
  signal: AbortSignal,
  task: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController()
  const both = AbortSignal.any([signal, stop.signal])
  const source: Iterator<T> | AsyncIterator<T> =
    Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]()
  let failure: { readonly error: unknown } | undefined
  let ended = false
  const work = async (): Promise<void> => {
    try {
      while (!ended && !both.aborted) {
        const next = await source.next()
        if (next.done === true) ended = true
        // What stops the rest may have come while this one was waited for.
        else if (!both.aborted) await task(next.value, both)
      }
    } catch (error) {
      failure ??= { error }
      stop.abort(error)
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, atOnce) }, work))
  try {
    if (!ended) await source.return?.()
  } catch (error) {
    failure ??= { error }
  }
  signal.throwIfAborted()
  if (failure !== undefined) throw failure.error
}
