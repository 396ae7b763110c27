import fs from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { printGolden } from './golden.ts'
import { parseScenario } from './script.ts'
import { Stage } from './stage.ts'

const root = fileURLToPath(new URL('.', import.meta.url))
const names = fs
  .readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)

let template: Stage
beforeAll(async () => {
  template = await Stage.make()
})
afterAll(() => {
  template[Symbol.dispose]()
})

/** `vitest run scenarios --update` writes the golden files anew; review what changed as you would review code. */
test.each(names)('%s', async (name) => {
  using stage = await Stage.make(template)
  const start = `${root}${name}/start`
  if (fs.existsSync(start)) fs.cpSync(start, stage.at('a'), { recursive: true })
  const runs: [string, unknown][] = []
  for (const step of parseScenario(fs.readFileSync(`${root}${name}/scenario`, 'utf8'))) {
    const document = await stage.play(step)
    if (document !== undefined) runs.push([step.line, document])
  }
  await expect(printGolden(runs, stage.end(), stage.folder)).toMatchFileSnapshot(
    `${root}${name}/golden`,
  )
})
