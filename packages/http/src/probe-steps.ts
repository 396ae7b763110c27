import { isStorageError, type ProbeOptions } from '@lsync/core/provider'

/** A probe that goes step by step, each of them tried again in a place of its own. */
export class ProbeSteps {
  readonly signal: AbortSignal
  /** Of the step under way: an earlier try of it may have left something. */
  scratch: string
  readonly #top: string
  readonly #again: NonNullable<ProbeOptions['again']>
  #steps = 0

  constructor({ scratch, signal, again = (step) => step() }: ProbeOptions) {
    this.#top = scratch
    this.scratch = scratch
    this.signal = signal
    this.#again = again
  }

  /** Done anew, in a place of its own, while it fails with what passes by itself. */
  again<T>(step: () => Promise<T>): Promise<T> {
    return this.#again(() => {
      this.scratch = `${this.#top}${++this.#steps}/`
      return step()
    })
  }

  /** As `again`; `otherwise` where the store fails each time, by which some say that they do not know what they were asked. */
  async step<T>(look: () => Promise<T>, otherwise: T): Promise<T> {
    try {
      return await this.again(look)
    } catch (error) {
      if (isStorageError(error) && error.code === 'server') return otherwise
      throw error
    }
  }
}
