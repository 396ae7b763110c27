import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type BenchOptions, sweep } from './bench.ts'
import { Results } from './results.ts'
import { findTools } from './tools.ts'
import { WORKS } from './works.ts'

/**
 * `pnpm bench [WORK…] [--rounds N] [--scale F] [--tools a,b] [--write]`: lsync beside every peer that is found, on one MinIO, in turn, several rounds; prints
 * medians and ratios (docs/performance.md). Times on a shared machine mean little by themselves: the ratios are what counts.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    scale: { type: 'string', default: '1' },
    tools: { type: 'string', default: '' },
    write: { type: 'boolean', default: false },
  },
})
const unknown = positionals.filter((name) => WORKS.every((work) => work.name !== name))
if (unknown.length > 0) {
  console.error(`There is no work ${unknown.join(', ')}. There are:`)
  for (const { name, about } of WORKS) console.error(`  ${name.padEnd(14)} ${about}`)
  process.exit(2)
}
const options: BenchOptions = {
  rounds: Number(values.rounds),
  scale: Number(values.scale),
  tools: await findTools(values.tools === '' ? [] : values.tools.split(',')),
}
const results = new Results()
const failures: string[] = []
for (const work of WORKS) {
  const asked = positionals.length === 0 ? work.onRequest !== true : positionals.includes(work.name)
  if (!asked) {
    console.error(`${work.name}: left out`)
    continue
  }
  try {
    await work.run(options, results)
  } catch (error) {
    // The other works' figures stand.
    failures.push(`${work.name}: ${error instanceof Error ? error.message : String(error)}`)
    console.error(failures.at(-1))
  }
  if (work.isLarge === true) await sweep()
}
await sweep()
const report = [
  `${new Date().toISOString().slice(0, 10)}, Node.js ${process.version}, ${cpus().length} x ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, scale ${options.scale}:`,
  '',
  ...options.tools.map(({ name, version }) => `- ${name}: ${version}`),
  '',
  results.table(),
  ...failures.flatMap((failure) => ['', `FAILED ${failure}`]),
].join('\n')
console.log(report)
if (values.write) {
  const page = fileURLToPath(new URL('../../docs/performance.md', import.meta.url))
  const [before = '', , after = ''] = readFileSync(page, 'utf8').split(/<!-- (?:figures|end) -->/)
  writeFileSync(page, `${before}<!-- figures -->\n\n${report}\n\n<!-- end -->${after}`)
}
process.exitCode = failures.length === 0 ? 0 : 1
