/**
 * Runs a task for each item, at most so many at once. The first failure stops the rest: running tasks are aborted and awaited, so that
 * nothing goes on behind the caller's back, and the failure is rethrown.
 */
export async function runPool<T>(
  items: Iterable<T> | AsyncIterable<T>,
  atOnce: number,
  signal: AbortSignal,
  task: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController()
  const both = AbortSignal.any([signal, stop.signal])
  const running = new Set<Promise<void>>()
  let failure: { readonly error: unknown } | undefined
  const start = (item: T): void => {
    const one: Promise<void> = task(item, both)
      .catch((error: unknown) => {
        failure ??= { error }
        stop.abort(error)
      })
      .finally(() => running.delete(one))
    running.add(one)
  }
  try {
    for await (const item of items) {
      if (failure !== undefined || signal.aborted) break
      start(item)
      if (running.size >= atOnce) await Promise.race(running)
    }
  } catch (error) {
    failure ??= { error }
    stop.abort(error)
  }
  while (running.size > 0) await Promise.race(running)
  signal.throwIfAborted()
  if (failure !== undefined) throw failure.error
}
