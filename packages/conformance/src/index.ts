export { conformance, type ConformanceOptions, type DeclareTest } from './conformance.ts'
