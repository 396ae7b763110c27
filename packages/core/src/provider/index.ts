/** The contract for providers: import this, and nothing else of core, from a plugin. */
export * from './errors.ts'
export type * from './object.ts'
export * from './provider.ts'
export { bytesSource } from './bytes-source.ts'
export { compareKeys } from './order.ts'
export { memoryModule, memoryStore, type MemoryOptions, type MemoryStore } from './memory.ts'
export type { MemoryObject } from './memory-objects.ts'
