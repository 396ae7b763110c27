import { nodeDisk } from '../disk/node-disk.ts'
import { isAlive, processIdentity } from '../disk/node-process.ts'
import { nodeWorld } from '../disk/node-world.ts'
import type { Machine } from './api.ts'

/** This computer, with what only the caller knows: a command, or a test of a provider under the whole engine. */
export function nodeMachine(
  given: Pick<Machine, 'environment' | 'author' | 'providers' | 'userConfig'>,
): Machine {
  return {
    world: nodeWorld(),
    openDisk: nodeDisk,
    process: processIdentity(),
    isAlive,
    ...given,
  }
}
