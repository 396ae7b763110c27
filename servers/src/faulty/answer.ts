export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
}

/** With the store's own code of a refusal. */
export interface Coded extends Answer {
  readonly code?: string
}
