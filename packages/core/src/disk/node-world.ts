import { randomUUID } from 'node:crypto'
import { setTimeout as timeout } from 'node:timers/promises'
import type { World } from './world.ts'

export function nodeWorld(): World {
  return {
    now: () => Date.now(),
    async sleep(milliseconds, signal) {
      try {
        await timeout(milliseconds, undefined, { signal })
      } catch {
        signal.throwIfAborted()
      }
    },
    token: () => randomUUID().replaceAll('-', ''),
  }
}
