import { type Measured, median } from './measure.ts'
import type { Traffic } from './store.ts'

export interface Sample extends Measured, Traffic {}

/** What was measured, by work and tool, in the order of the first run. */
export class Results {
  readonly #works = new Map<string, Map<string, Sample[]>>()

  add(work: string, tool: string, sample: Sample): void {
    const tools = this.#works.get(work) ?? new Map<string, Sample[]>()
    this.#works.set(work, tools)
    tools.set(tool, [...(tools.get(tool) ?? []), sample])
    const { wall, cpu, memory, requests } = sample
    console.error(
      `${work}, ${tool}: ${wall.toFixed(2)} s, ${cpu.toFixed(2)} s cpu, ${memory.toFixed(0)} MB, ${requests} requests`,
    )
  }

  walls(work: string): ReadonlyMap<string, number> {
    return new Map(
      [...(this.#works.get(work) ?? [])].map(([tool, samples]) => [
        tool,
        median(samples.map(({ wall }) => wall)),
      ]),
    )
  }

  /** Medians, and lsync's as a part of each peer's. */
  table(): string {
    const lines = [
      '| work | tool | runs | wall s | CPU s | peak MB | requests | MB on the line | lsync / tool: wall | CPU | peak |',
      '|---|---|---|---|---|---|---|---|---|---|---|',
    ]
    for (const [work, tools] of this.#works) {
      const own = tools.get('lsync')
      for (const [tool, samples] of tools) {
        const of = (field: keyof Measured, from = samples): number =>
          median(from.map((sample) => sample[field]))
        const ratio = (field: keyof Measured): string =>
          own === undefined || tool === 'lsync' ? '' : (of(field, own) / of(field)).toFixed(2)
        const bytes = samples.map((sample) => sample.bytes).filter((value) => value !== undefined)
        lines.push(
          `| ${work} | ${tool} | ${samples.length} | ${of('wall').toFixed(2)} | ${of('cpu').toFixed(2)} | ${of('memory').toFixed(0)} | ${median(samples.map(({ requests }) => requests))} | ${bytes.length === 0 ? '' : (median(bytes) / 1e6).toFixed(1)} | ${ratio('wall')} | ${ratio('cpu')} | ${ratio('memory')} |`,
        )
      }
    }
    return lines.join('\n')
  }
}
