type Listener = (reason: unknown) => void

interface Shared {
  readonly all: Set<Listener>
  readonly call: () => void
}

const shared = new WeakMap<AbortSignal, Shared>()

/**
 * Calls back when the signal is aborted, at once if it is already. One listener at the signal serves all who wait at the same time: thousands of short
 * requests share one, and to add and remove one for each costs more than its share of the request.
 * @returns forgets the callback
 */
export function onceAborted(signal: AbortSignal, listener: Listener): () => void {
  if (signal.aborted) {
    listener(signal.reason)
    return () => undefined
  }
  const { all, call } = shared.get(signal) ?? share(signal)
  all.add(listener)
  return () => {
    all.delete(listener)
    if (all.size > 0) return
    // A signal that is made of others lives as long as it is listened to.
    signal.removeEventListener('abort', call)
    shared.delete(signal)
  }
}

function share(signal: AbortSignal): Shared {
  const all = new Set<Listener>()
  const call = (): void => {
    for (const one of all) one(signal.reason)
  }
  const made = { all, call }
  shared.set(signal, made)
  signal.addEventListener('abort', call, { once: true })
  return made
}
