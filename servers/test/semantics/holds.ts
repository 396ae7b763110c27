import type { Client } from '../client.ts'

/** Where a server is known to differ from S3. Each is tested to be so: what is declared wrongly fails. */
export interface Deviations {
  readonly conditionalDelete?: false
  readonly conditionalCopy?: false
  readonly conditionalComplete?: false
  /** It keeps objects in folders, which cannot hold `a//b` or `./a`. */
  readonly exactKeys?: false
  /** Others by name of the test, with the reason. These are expected to fail. */
  readonly failing?: Readonly<Record<string, string>>
}

/** Declares a test by its name. Each has a bucket of its own. */
export type Holds = (name: string, body: (client: Client) => Promise<void>) => void
