/** A small seeded generator (mulberry32): the same seed gives the same run, on any machine. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** 32 random bits. */
  bits(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }

  /** From 0 to 1 exclusive. */
  fraction(): number {
    return this.bits() / 0x1_0000_0000
  }

  /** A whole number from 0 to `limit` exclusive. */
  below(limit: number): number {
    return Math.floor(this.fraction() * limit)
  }

  /** A whole number from `from` to `to`, both inclusive. */
  between(from: number, to: number): number {
    return from + this.below(to - from + 1)
  }

  chance(probability: number): boolean {
    return this.fraction() < probability
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)]
    if (item === undefined) throw new TypeError('nothing to pick from')
    return item
  }

  /** 128 bits as hex, as `World.token` gives them. */
  token(): string {
    let text = ''
    for (let i = 0; i < 4; i++) text += this.bits().toString(16).padStart(8, '0')
    return text
  }

  /** A generator of its own, so that one consumer more does not shift what the others draw. */
  fork(): Random {
    return new Random(this.bits())
  }
}
