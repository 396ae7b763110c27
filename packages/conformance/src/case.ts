import type { ProbeReport, StorageProvider } from '@lsync/core/provider'

export interface ConformanceOptions {
  /** Shown in the names of the tests. */
  readonly name: string
  /** Opens the remote once more; several open providers of one remote must see each other's writes. Called in each test. */
  readonly open: (known?: ProbeReport) => Promise<StorageProvider>
  /** What cannot pass, by `group: test`, with the reason. It is run all the same: a gap that passes is a failure, since the declaration is wrong. */
  readonly gaps?: Readonly<Record<string, string>>
  /** Keys of the test that needs several pages of a listing; more than one page's worth. Default 1,100. */
  readonly manyKeys?: number
  /** True where `write` can only guess the time of its object: its fingerprint may then differ from the listing's (never wrongly equal). */
  readonly approximateWriteFingerprint?: boolean
  /** Where gaps are told; default standard output. */
  readonly print?: (line: string) => void
}

/** What a test is given: a provider, a way to open more, and a prefix of its own. */
export interface Scene {
  readonly provider: StorageProvider
  readonly another: () => Promise<StorageProvider>
  readonly prefix: string
  readonly signal: AbortSignal
  readonly options: ConformanceOptions
}

export interface Case {
  readonly name: string
  readonly run: (scene: Scene) => Promise<void>
  /** Undefined if the provider offers it; else why this test has nothing to do. Asked of the opened provider. */
  readonly unless?: (provider: StorageProvider) => string | undefined
}
