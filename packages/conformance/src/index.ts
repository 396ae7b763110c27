export type { ConformanceOptions } from './case.ts'
export { conformance, type DeclareTest } from './conformance.ts'
export { WatchedMemory } from './watched-memory.ts'
