type Listener = (reason: unknown) => void

const listeners = new WeakMap<AbortSignal, Set<Listener>>()

/**
 * Calls back when the signal is aborted, at once if it is already. One listener at the signal serves all callers: thousands of short requests
 * share one, and to add and remove one for each costs more than its share of the request.
 * @returns forgets the callback
 */
export function onceAborted(signal: AbortSignal, listener: Listener): () => void {
  if (signal.aborted) {
    listener(signal.reason)
    return () => undefined
  }
  let all = listeners.get(signal)
  if (all === undefined) {
    const made = new Set<Listener>()
    all = made
    listeners.set(signal, made)
    signal.addEventListener(
      'abort',
      () => {
        for (const one of made) one(signal.reason)
      },
      { once: true },
    )
  }
  const entries = all
  entries.add(listener)
  return () => entries.delete(listener)
}
