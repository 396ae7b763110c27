import { lowerBound } from './order.ts'

/**
 * Objects by key, with their keys in the order of a listing. All of it is synchronous, so that a condition and the write that rests on it are one
 * step: whoever puts an `await` between them breaks every test of races.
 */
export class SortedMap<T> {
  readonly #values = new Map<string, T>()
  readonly #keys: string[] = []

  get keys(): readonly string[] {
    return this.#keys
  }

  get(key: string): T | undefined {
    return this.#values.get(key)
  }

  put(key: string, value: T): void {
    if (!this.#values.has(key)) this.#keys.splice(lowerBound(this.#keys, key), 0, key)
    this.#values.set(key, value)
  }

  delete(key: string): void {
    if (this.#values.delete(key)) this.#keys.splice(lowerBound(this.#keys, key), 1)
  }
}
