import type { Answer, Outgoing } from './exchange.ts'
import { LONGEST_ON_LINE, Speed, timeOnLine } from './line.ts'

/**
 * The line behind a proxy, which takes a body quickly, and passes it on as slowly as its line is; how far it is nobody tells. The limit goes with each request,
 * since undici asks plain http through a proxy with one of its own.
 */
export class ProxiedLine {
  readonly #silence: number
  readonly #speed = new Speed()
  readonly #underWay = new Set<{ readonly length: number }>()

  /** Milliseconds without a byte, on a line that is free. */
  constructor(silence: number) {
    this.#silence = silence
  }

  async send(request: Outgoing, exchange: (request: Outgoing) => Promise<Answer>): Promise<Answer> {
    const body = { length: lengthOf(request) }
    if (body.length === 0) return exchange({ headersTimeout: this.#silence, ...request })
    const begun = performance.now()
    this.#underWay.add(body)
    try {
      const headersTimeout = this.#silence + this.#time
      const answer = await exchange({ headersTimeout, ...request })
      this.#speed.arrived(body.length, begun, performance.now())
      return answer
    } finally {
      this.#underWay.delete(body)
    }
  }

  /** What is sent a moment later takes the same line: while nobody knows how fast that is, the longest. */
  get #time(): number {
    const { seen } = this.#speed
    if (seen === undefined) return LONGEST_ON_LINE
    return timeOnLine(
      Array.from(this.#underWay, ({ length }) => length),
      seen,
    )
  }
}

function lengthOf({ body, headers }: Outgoing): number {
  if (body === null) return 0
  if (body instanceof Uint8Array) return body.length
  const at = headers.findIndex((name, index) => index % 2 === 0 && /^content-length$/i.test(name))
  // Not announced: some.
  return at < 0 ? 1 : Number(headers[at + 1])
}
