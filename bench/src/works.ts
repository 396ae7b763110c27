import { appendFileSync, cpSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Bench, type BenchOptions, expectSame, placeOf } from './bench.ts'
import type { Results } from './results.ts'
import type { Command, Place, Tool } from './tools.ts'
import { countTree, makeLarge, makeTree } from './trees.ts'

export interface Work {
  readonly name: string
  readonly about: string
  /** Runs only where it is named: it takes long. */
  readonly onRequest?: boolean
  /** What it leaves behind is many bytes in few files: it goes at once. */
  readonly isLarge?: boolean
  run(options: BenchOptions, results: Results): Promise<void>
}

const SLOW_LINE = 20
const GB = 1000 ** 3
const BARE_LOOP = fileURLToPath(new URL('bare-loop.ts', import.meta.url))

/** The tool's own end is not enough: what it wrote survives a power cut once the file system is flushed. lsync does that itself. */
function flushed(tool: Tool, folder: string, command: Command): Command {
  return tool.name === 'lsync'
    ? command
    : ['sh', '-c', 'folder=$1; shift; "$@" && sync -f "$folder"', 'flushed', folder, ...command]
}

/** Sends a folder to an empty prefix, and fetches it into an empty folder. */
function transfer(
  name: string,
  about: string,
  make: (bench: Bench, root: string) => void,
  { roundTrip, isLarge = false }: { readonly roundTrip?: number; readonly isLarge?: boolean } = {},
): Work {
  return {
    name,
    about,
    isLarge,
    async run(options, results) {
      await using bench = await Bench.open(options, results, roundTrip)
      const source = bench.path('source')
      make(bench, source)
      const whole = countTree(source)
      const bucket = await bench.bucket()
      await bench.rounds(`push ${about}`, async (tool, round) => {
        if (tool.push === undefined) return false
        const place = placeOf(bucket, tool.name, round)
        const from = bench.fresh('from')
        cpSync(source, from, { recursive: true })
        if (tool.prepare !== undefined) await bench.run(tool.prepare(from, place))
        await bench.measure(`push ${about}`, tool.name, tool.push(from, place))
        if (isLarge) rmSync(from, { recursive: true })
        const stored = await bench.store.count(bucket, `${place.prefix}/`)
        expectSame(`${tool.name} push`, stored, whole)
        return true
      })
      await bench.rounds(`pull ${about}`, async (tool) => {
        if (tool.pull === undefined) return false
        const place = placeOf(bucket, tool.name)
        const to = bench.fresh('to')
        mkdirSync(to)
        if (tool.prepare !== undefined) await bench.run(tool.prepare(to, place))
        await bench.measure(`pull ${about}`, tool.name, flushed(tool, to, tool.pull(to, place)))
        expectSame(`${tool.name} pull`, countTree(to), whole)
        if (isLarge) rmSync(to, { recursive: true })
        return true
      })
      if (whole.objects === 1) return
      for (let round = 0; round < options.rounds; round++) {
        const prefix = `loop-${round}`
        const loop = (verb: string): Command => [
          process.execPath,
          BARE_LOOP,
          verb,
          source,
          bucket,
          prefix,
        ]
        await bench.measure(`push ${about}`, 'bare loop', loop('put'))
        await bench.measure(`pull ${about}`, 'bare loop', loop('get'))
      }
    },
  }
}

/** A folder and a place that hold the same, sent by lsync. */
async function agreed(
  bench: Bench,
  files: number,
  flat: boolean,
): Promise<{ readonly folder: string; readonly place: Place }> {
  const folder = bench.path('agreed')
  makeTree(folder, files, 1024, flat)
  const place = placeOf(await bench.bucket(), 'agreed')
  const lsync = bench.options.tools.find(({ name }) => name === 'lsync')
  if (lsync?.prepare === undefined || lsync.push === undefined) throw new Error('no lsync')
  await bench.run(lsync.prepare(folder, place))
  await bench.measure(
    `first push of ${files.toLocaleString('en')} x 1 KB`,
    'lsync',
    lsync.push(folder, place),
  )
  return { folder, place }
}

/** Nothing to do: what it takes to see that. */
function nothing(
  name: string,
  about: string,
  {
    files,
    flat,
    roundTrip,
  }: { readonly files: number; readonly flat: boolean; readonly roundTrip?: number },
): Work {
  return {
    name,
    about,
    async run(options, results) {
      await using bench = await Bench.open(options, results, roundTrip)
      const { folder, place } = await agreed(bench, bench.scaled(files), flat)
      // Times that the answers to writes do not tell are looked up by the first run after them (docs/decisions/0003): not what is measured here.
      await bench.run(options.tools[0]!.both!(folder, place))
      const bisync = options.tools.find((tool) => tool.name === 'bisync')
      if (bisync?.prepare !== undefined) await bench.run(bisync.prepare(folder, place))
      await bench.rounds(about, async (tool) => {
        const command = (tool.update ?? tool.both)?.(folder, place)
        if (command === undefined) return false
        const before = await bench.store.traffic()
        await bench.measure(about, tool.name, command)
        // Times alone are no reason to write, so whatever wrote did something else than was asked.
        const { writes } = await bench.store.traffic()
        if (writes > before.writes) throw new Error(`${tool.name} wrote something`)
        return true
      })
    },
  }
}

async function changeOne(bench: Bench, about: string): Promise<void> {
  const { folder, place } = await agreed(bench, bench.scaled(100_000), false)
  const two = bench.options.tools.filter(({ both }) => both !== undefined)
  await bench.run(two[0]!.both!(folder, place))
  for (const tool of two)
    if (tool.name !== 'lsync' && tool.prepare !== undefined)
      await bench.run(tool.prepare(folder, place))
  const file = join(folder, 'd0', 'f0000007')
  await bench.rounds(about, async (tool) => {
    if (tool.both === undefined) return false
    appendFileSync(file, 'x')
    await bench.measure(about, tool.name, tool.both(folder, place))
    expectSame(
      tool.name,
      await bench.store.count(place.bucket, `${place.prefix}/`),
      countTree(folder),
    )
    // The others learn of it, so that each begins its turn agreed.
    for (const other of two) if (other !== tool) await bench.run(other.both!(folder, place))
    return true
  })
}

async function adopt(bench: Bench, about: string): Promise<void> {
  const { folder, place } = await agreed(bench, bench.scaled(100_000), false)
  await bench.rounds(about, async (tool) => {
    if (tool.adopt === undefined) return false
    if (tool.name === 'lsync') {
      rmSync(join(folder, '.lsync'), { recursive: true })
      await bench.run(tool.prepare!(folder, place))
    }
    await bench.measure(about, tool.name, tool.adopt(folder, place))
    return true
  })
}

async function rename(bench: Bench, about: string): Promise<void> {
  const files = bench.scaled(1000)
  await bench.rounds(about, async (tool, round) => {
    if (tool.rename === undefined || tool.push === undefined) return false
    const place = placeOf(await bench.bucket(), tool.name, round)
    const folder = bench.fresh('renamed')
    makeTree(join(folder, 'before'), files, 64 * 1024)
    const whole = countTree(folder)
    if (tool.prepare !== undefined) await bench.run(tool.prepare(folder, place))
    await bench.run(tool.push(folder, place))
    renameSync(join(folder, 'before'), join(folder, 'after'))
    await bench.measure(about, tool.name, tool.rename(folder, place))
    expectSame(tool.name, await bench.store.count(place.bucket, `${place.prefix}/`), whole)
    expectSame(tool.name, await bench.store.count(place.bucket, `${place.prefix}/after/`), whole)
    return true
  })
}

async function start(bench: Bench): Promise<void> {
  const folder = bench.path('ten')
  makeTree(folder, 10, 1024)
  const place = placeOf(await bench.bucket(), 'ten')
  const [lsync] = bench.options.tools
  const [program = ''] = lsync?.push?.(folder, place) ?? []
  await bench.run([program, 'init', `s3://${place.bucket}/${place.prefix}`, folder])
  await bench.run([program, '-C', folder, 'push', '-q'])
  for (let round = 0; round < Math.max(bench.options.rounds, 9); round++) {
    await bench.measure('start', 'lsync', [program, '--version'])
    await bench.measure('start', 'bare Node', [process.execPath, '-e', '0'])
    await bench.measure('status of 10 files', 'lsync', [program, '-C', folder, 'status'])
  }
}

/** Only lsync: the figure is its memory, and that its time grows with the number of files and no faster. */
function million(name: string, onMinio: boolean): Work {
  const about = `nothing to do, 1,000,000 files, ${onMinio ? 'MinIO' : 'folder'}`
  return {
    name,
    about,
    onRequest: true,
    async run(options, results) {
      for (const files of [100_000, 1_000_000]) {
        await using bench = await Bench.open(options, results, undefined)
        const label = `nothing to do, ${bench.scaled(files).toLocaleString('en')} files, ${onMinio ? 'MinIO' : 'folder'}`
        const folder = bench.path('agreed')
        makeTree(folder, bench.scaled(files), 16)
        const [program = ''] = options.tools[0]?.push?.(folder, placeOf('', '')) ?? []
        const remote = onMinio
          ? `s3://${await bench.bucket()}/all`
          : `file://${bench.path('remote')}`
        if (!onMinio) cpSync(folder, bench.path('remote'), { recursive: true })
        await bench.run([program, 'init', remote, folder])
        await bench.measure(`first sync, ${label}`, 'lsync', [program, '-C', folder, 'sync', '-q'])
        // What the first meeting could not vouch for is looked at by the run after it.
        await bench.run([program, '-C', folder, 'sync', '-q'])
        for (let round = 0; round < options.rounds; round++)
          await bench.measure(label, 'lsync', [program, '-C', folder, 'sync', '-q'])
      }
    },
  }
}

function plain(
  name: string,
  about: string,
  run: (bench: Bench, about: string) => Promise<void>,
): Work {
  return {
    name,
    about,
    async run(options, results) {
      await using bench = await Bench.open(options, results, undefined)
      await run(bench, about)
    },
  }
}

const treeOf =
  (files: number, size: number) =>
  (bench: Bench, root: string): void => {
    makeTree(root, bench.scaled(files), size)
  }
const small = treeOf(10_000, 1024)

export const WORKS: readonly Work[] = [
  plain('start', 'start', start),
  transfer('small', '10,000 x 1 KB', small),
  transfer('small-slow', '10,000 x 1 KB, 20 ms', small, { roundTrip: SLOW_LINE }),
  transfer('medium', '3,000 x 64 KB', treeOf(3000, 64 * 1024)),
  transfer('photos', '100 x 5 MB', treeOf(100, 5_000_000), { isLarge: true }),
  transfer(
    'large',
    'one file of 2 GB',
    (bench, root) => {
      mkdirSync(root)
      makeLarge(join(root, 'large'), bench.scaled(2 * GB))
    },
    { isLarge: true },
  ),
  plain('rename', 'rename of a folder, 1,000 x 64 KB', rename),
  nothing('nothing', 'nothing to do, 100,000 files', { files: 100_000, flat: false }),
  nothing('flat-slow', 'nothing to do, 100,000 files in one folder, 20 ms', {
    files: 100_000,
    flat: true,
    roundTrip: SLOW_LINE,
  }),
  plain('change', 'one file changed among 100,000', changeOne),
  plain('adopt', 'first meeting of 100,000 files that are the same', adopt),
  million('million', false),
  million('million-minio', true),
]
