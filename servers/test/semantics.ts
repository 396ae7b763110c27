import { test } from 'vitest'
import type { Client } from './client.ts'
import { checksums } from './semantics/checksums.ts'
import type { Deviations, Holds } from './semantics/holds.ts'
import { listings } from './semantics/listings.ts'
import { multipart } from './semantics/multipart.ts'
import { reads } from './semantics/reads.ts'
import { writes } from './semantics/writes.ts'

/** What lsync rests on, held to real servers too, so that the one in the process does not drift away from them. */
export function semantics(open: () => Promise<Client>, deviations: Deviations = {}): void {
  const failing = deviations.failing ?? {}
  const declared = new Set(Object.keys(failing))
  const holds: Holds = (name, body) => {
    declared.delete(name)
    const declare = failing[name] === undefined ? test : test.fails
    declare(name, async () => {
      const client = await open()
      try {
        await body(client)
      } finally {
        client.close()
      }
    })
  }
  writes(holds, deviations)
  reads(holds)
  listings(holds, deviations)
  checksums(holds)
  multipart(holds, deviations)
  if (declared.size > 0) throw new Error(`no such test: ${[...declared].join(', ')}`)
}
