import { realEngine } from './engine.ts'
import { simulate } from './run.ts'
const from = Number(process.argv[2] ?? 1), count = Number(process.argv[3] ?? 100)
const t = performance.now()
let steps = 0, bad = 0, runs = 0, deaths = 0, edits = 0
const kinds: Record<string, number[]> = {}
for (let seed = from; seed < from + count; seed++) {
  const s = await simulate(seed, process.argv[4] === 'trace' ? { onLine: console.log } : {}, realEngine)
  steps += s.steps; runs += s.runs; deaths += s.deaths; edits += s.edits
  if (s.violations.length) { bad++
    for (const k of new Set(s.violations.map(v => v.kind))) (kinds[k] ??= []).push(seed)
    if (bad <= 8 || count === 1) console.log(seed, s.violations.slice(0, 3)) }
}
const ms = performance.now() - t
console.log({ count, bad, ms, perRun: ms / count, stepsPerRun: steps / count, runs: runs / count, deaths: deaths / count, edits: edits / count, usPerStep: ms * 1000 / steps })
for (const [k, v] of Object.entries(kinds)) console.log(k, v.length, v.slice(0, 12).join(' '))
