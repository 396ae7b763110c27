import type { StorageProvider } from '@lsync/core/provider'
import { basics } from './basics.ts'
import { cancellation } from './cancellation.ts'
import type { Case, ConformanceOptions, Scene } from './case.ts'
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
          else if (await passes(one, scene))
            throw new Error(`the gap is closed, remove its declaration: ${title}`)
          else print(`gap of ${name}: ${title} (${gap})`)
        } finally {
          await Promise.all(opened.map((provider) => provider[Symbol.asyncDispose]()))
        }
      })
    }
  if (declared.size > 0)
    throw new Error(`gaps for tests that do not exist: ${[...declared].join(', ')}`)
}

async function passes(one: Case, scene: Scene): Promise<boolean> {
  try {
    await one.run(scene)
    return true
  } catch {
    return false
  }
}
