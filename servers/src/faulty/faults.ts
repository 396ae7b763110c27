/** A request as far as faults are chosen by it. */
export interface Matched {
  readonly operation: string
}

/** What can go wrong, and when. */
export type Fault =
  /** The connection ends before anything was done. */
  | { readonly kind: 'drop' }
  /** It is done, and then the connection ends: the client cannot know. */
  | { readonly kind: 'lose-response' }
  /** Refused; with `acted` only after it was done, like a gateway that loses its store in the middle. */
  | {
      readonly kind: 'refuse'
      readonly status: number
      readonly code: string
      /** Seconds. */
      readonly retryAfter?: number
      readonly acted?: boolean
    }
  /** Something else answers in the store's place, with success by default: a network that wants a login first, a proxy. Nothing is done. */
  | {
      readonly kind: 'impostor'
      readonly status?: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string
    }
  /** The answer's body comes at this pace. */
  | { readonly kind: 'slow-body'; readonly bytesPerSecond: number }
  /** The connection ends within the answer's body, after so many bytes; default half of them. */
  | { readonly kind: 'cut-body'; readonly after?: number }
  /** One bit of a good answer's body is wrong; default in the middle. The headers stay as they were. */
  | { readonly kind: 'flip-bit'; readonly at?: number }
  /** A good answer's document ends early, and the connection does not: default after half of it. */
  | { readonly kind: 'truncate-document'; readonly after?: number }
  /** A listing that passes these keys over, as stale ones do. Never without being asked for: stores list what is there. */
  | { readonly kind: 'stale-listing'; readonly hidden: (key: string) => boolean }
  /** A page of a listing that counts these keys and does not hold them. */
  | { readonly kind: 'short-page'; readonly omitted: (key: string) => boolean }
  /** One bit of the request's body arrives wrong; default near its end. */
  | { readonly kind: 'flip-bit-up'; readonly at?: number }
  /** An upload session keeps only so many bytes of what it is sent with the request, and says so. */
  | { readonly kind: 'keep-part'; readonly bytes: number }

/** What a network answers to everything that wants a login first. */
export const loginPage: Fault = {
  kind: 'impostor',
  headers: { 'content-type': 'text/html', etag: '"5f3c9a2b-7d"' },
  body: '<!DOCTYPE html>\n<html><head><title>Welcome</title></head><body>Please log in.</body></html>\n',
}

export interface FaultRule<R extends Matched> {
  readonly fault: Fault
  /** Default: every request. */
  readonly match?: R['operation'] | ((request: R) => boolean)
  /** Requests that match and pass unharmed before. */
  readonly skip?: number
  /** How often it strikes; default always. */
  readonly count?: number
  /** Between 0 and 1, by the server's seed; default 1. */
  readonly probability?: number
}

/** Strikes the first request of each key and operation, and leaves the next ones alone. */
export function firstOfEachKey<R extends Matched & { readonly key: string }>(
  operation: R['operation'],
  fault: Fault,
): FaultRule<R> {
  const met = new Set<string>()
  return {
    fault,
    match(request) {
      if (request.operation !== operation || met.has(request.key)) return false
      met.add(request.key)
      return true
    },
  }
}

/** A rule at work. */
export interface InjectedFault {
  /** How often it has struck. */
  readonly hits: number
  remove(): void
}

interface Working<R extends Matched> {
  readonly rule: FaultRule<R>
  seen: number
  hits: number
}

/** The rules, in the order in which they were given: the first that strikes is the one. */
export class Faults<R extends Matched> {
  readonly #working = new Set<Working<R>>()
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  inject(rule: FaultRule<R>): InjectedFault {
    const working: Working<R> = { rule, seen: 0, hits: 0 }
    this.#working.add(working)
    return {
      get hits() {
        return working.hits
      },
      remove: () => {
        this.#working.delete(working)
      },
    }
  }

  clear(): void {
    this.#working.clear()
  }

  choose(request: R): Fault | undefined {
    for (const working of this.#working) {
      const { match, skip = 0, count = Number.POSITIVE_INFINITY, probability = 1 } = working.rule
      if (working.hits >= count || !matches(match, request) || ++working.seen <= skip) continue
      if (probability < 1 && this.#random() >= probability) continue
      working.hits++
      return working.rule.fault
    }
    return undefined
  }

  /** mulberry32: the same seed gives the same faults to the same requests. */
  #random(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function matches<R extends Matched>(match: FaultRule<R>['match'], request: R): boolean {
  if (match === undefined) return true
  return typeof match === 'string' ? request.operation === match : match(request)
}
