import type { ProbeReport, StorageProvider } from '@lsync/core/provider'
import { basics } from './basics.ts'
import { cancellation } from './cancellation.ts'
import { conditions } from './conditions.ts'
import { folders } from './folders.ts'
import { history } from './history.ts'
import { listing } from './listing.ts'
import { metadata } from './metadata.ts'
import { names } from './names.ts'
import { probing } from './probing.ts'
import { races } from './races.ts'
import { reading } from './reading.ts'
import { uploads } from './uploads.ts'

/** How a runner declares a test: vitest's `test`, `node:test`'s, or any other of this form. */
export type DeclareTest = (name: string, body: () => Promise<void>) => void

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

const GROUPS: Readonly<Record<string, readonly Case[]>> = {
  basics,
  conditions,
  races,
  listing,
  names,
  metadata,
  reading,
  history,
  folders,
  uploads,
  cancellation,
  probing,
}

let scenes = 0

/**
 * Declares the suite that every provider passes. Each test opens its own providers and works under a prefix of its own, so that one bucket
 * serves a whole run.
 */
export function conformance(test: DeclareTest, options: ConformanceOptions): void {
  const { name, gaps = {} } = options
  const print = options.print ?? ((line: string) => process.stdout.write(`${line}\n`))
  const declared = new Set(Object.keys(gaps))
  const run = `${Date.now().toString(36)}${Math.floor(Math.random() * 1e6).toString(36)}`
  for (const [group, cases] of Object.entries(GROUPS))
    for (const one of cases) {
      const title = `${group}: ${one.name}`
      const gap = gaps[title]
      declared.delete(title)
      test(`${name}, ${title}`, async () => {
        const opened: StorageProvider[] = []
        const another = async (): Promise<StorageProvider> => {
          const provider = await options.open()
          opened.push(provider)
          return provider
        }
        try {
          const provider = await another()
          const reason = one.unless?.(provider)
          if (reason !== undefined) {
            print(`not offered by ${name}: ${title} (${reason})`)
            return
          }
          const scene: Scene = {
            provider,
            another,
            prefix: `c${run}/${++scenes}/`,
            signal: new AbortController().signal,
            options,
          }
          if (gap === undefined) await one.run(scene)
          else await expectGap(print, name, title, gap, one, scene)
        } finally {
          await Promise.all(opened.map((provider) => provider[Symbol.asyncDispose]()))
        }
      })
    }
  if (declared.size > 0)
    throw new Error(`gaps for tests that do not exist: ${[...declared].join(', ')}`)
}

async function expectGap(
  print: (line: string) => void,
  name: string,
  title: string,
  reason: string,
  one: Case,
  scene: Scene,
): Promise<void> {
  try {
    await one.run(scene)
  } catch {
    print(`gap of ${name}: ${title} (${reason})`)
    return
  }
  throw new Error(`the gap is closed, remove its declaration: ${title}`)
}
