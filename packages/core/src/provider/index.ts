/** The contract for providers: import this, and nothing else of core, from a plugin. */
export * from './errors.ts'
export * from './provider.ts'
export { compareKeys } from './order.ts'
export { memoryStore, type MemoryStore } from './memory.ts'
