export { conformance, type ConformanceOptions, type DeclareTest } from './conformance.ts'
export { WatchedMemory } from './watched-memory.ts'
