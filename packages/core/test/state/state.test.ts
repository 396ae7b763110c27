import fs from 'node:fs'
import { setImmediate as yieldToOthers } from 'node:timers/promises'
import * as fc from 'fast-check'
import { parse } from 'yaml'
import { describe, expect, test } from 'vitest'
import { nodeDisk } from '../../src/disk/node-disk.ts'
import { nodeWorld } from '../../src/disk/node-world.ts'
import { LsyncError } from '../../src/model/errors.ts'
import { isWithin } from '../../src/model/path.ts'
import { compareKeys } from '../../src/provider/index.ts'
import { Damaged, isSealed, readRows } from '../../src/state/database.ts'
import { DATABASE, JOURNAL, LSYNC } from '../../src/state/layout.ts'
import { openState } from '../../src/state/open-state.ts'
import { jsonLine, readEntry, writeEntry } from '../../src/state/row.ts'
import type { Intent, Row } from '../../src/state/state.ts'
import { temporaryDisk } from '../disk/temporary.ts'
import { anyEntry, anyPath, collect, fileEntry } from './entries.ts'

const world = nodeWorld()

function temporaryRepository(): {
  readonly root: string
  readonly open: ReturnType<typeof opener>
} {
  const { root } = temporaryDisk()
  fs.mkdirSync(`${root}/${LSYNC}`)
  return { root, open: opener(root) }
}

function opener(root: string) {
  return () => openState(nodeDisk(root), world, 2)
}

function sorted(model: ReadonlyMap<string, Row['entry']>): readonly Row[] {
  return [...model]
    .map(([path, entry]) => ({ path, entry }))
    .toSorted((a, b) => compareKeys(a.path, b.path))
}

const intent = (path: string): Intent => ({
  path,
  trash: `.lsync/trash/${path}`,
  inode: 7,
  size: 1,
})

describe('the base is a map that outlives the process', () => {
  const operation = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('put' as const), path: anyPath, entry: anyEntry }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('drop' as const), pick: fc.nat() }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('compact' as const),
        when: fc.constantFrom(undefined, 'always' as const, 'heavy' as const),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen' as const) }) },
  )

  test('under any sequence of records, compactions and reopenings', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 25 }), async (operations) => {
        const { open } = temporaryRepository()
        let state = await open()
        const model = new Map<string, Row['entry']>()
        for (const step of operations) {
          if (step.kind === 'put') {
            await state.record([{ path: step.path, entry: step.entry }])
            model.set(step.path, step.entry)
          } else if (step.kind === 'drop') {
            const path = [...model.keys()][step.pick % Math.max(model.size, 1)] ?? 'absent'
            await state.record([{ path, entry: undefined }])
            model.delete(path)
          } else if (step.kind === 'compact') await state.compact(step.when)
          else state = await open()
          // Exact once opened; while recording, only that it never reads as empty while it is not.
          const exact = step.kind === 'reopen' || state.size === 0
          expect(exact ? state.size : model.size).toBe(model.size)
        }
        await state.compact('always')
        expect(state.size).toBe(model.size)
        expect(state.notices).toEqual([])
        expect(await collect(state.rows())).toEqual(sorted(model))
        for (const [path, entry] of model) expect(await state.get(path)).toEqual({ path, entry })
        expect(await state.get('surely/absent')).toBeUndefined()
        const [scope = 'a'] = [...model.keys()].map((path) => path.split('/')[0] ?? '')
        expect(await collect(state.rows([scope, 'b']))).toEqual(
          sorted(model).filter(({ path }) => isWithin(path, [scope, 'b'])),
        )
      }),
      { numRuns: 60 },
    )
  })

  test('a base whose last row was dropped is empty, also before it is compacted', async () => {
    const { open } = temporaryRepository()
    const state = await open()
    await state.record([{ path: 'a', entry: fileEntry('1') }])
    await state.compact('always')
    await state.record([{ path: 'a', entry: undefined }])
    const reopened = await open()
    expect(reopened.size).toBe(0)
    expect(await collect(reopened.rows())).toEqual([])
  })

  test('a database is the same to any YAML parser', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(anyPath, { maxLength: 12 }),
        anyEntry,
        async (paths, entry) => {
          const { root, open } = temporaryRepository()
          const state = await open()
          await state.record(paths.map((path) => ({ path, entry })))
          await state.compact('always')
          if (paths.length === 0) return
          const text = fs.readFileSync(`${root}/${DATABASE}`, 'utf8')
          const read: { entries: Record<string, { size: number; version: string }> } = parse(text)
          expect(new Set(Object.keys(read.entries))).toEqual(new Set(paths))
          for (const { size, version } of Object.values(read.entries))
            expect([size, version]).toEqual([entry.size, entry.remote.version])
          // What YAML 1.1 takes for a line end, or forbids, is escaped.
          expect(text).not.toMatch(/[\u{7f}-\u{9f}\u{2028}\u{2029}\u{feff}\u{fffe}\u{ffff}]/u)
        },
      ),
      { numRuns: 60 },
    )
  })
})

/** Words on what was lost, and rows that are believed. */
const COMPLETE_OR_NOT = [
  [0, 3],
  [1, 0],
]

describe('a death at any byte', () => {
  test('of the journal: what is read is a state that was recorded, and the next append is whole', async () => {
    const { root, open } = temporaryRepository()
    const first = await open()
    await first.record([{ path: 'a', entry: fileEntry('1') }])
    await first.compact('always')
    const recorded: (readonly Row[])[] = [await collect(first.rows())]
    for (const outcome of [
      { path: 'b', entry: fileEntry('2', { author: 'Ümläut' }) },
      { path: 'a', entry: undefined },
      { path: 'a', entry: fileEntry('3') },
    ]) {
      await first.record([outcome])
      recorded.push(await collect(first.rows()))
    }
    const whole = fs.readFileSync(`${root}/${JOURNAL}`)
    const seen = new Set<number>()
    for (let length = 0; length <= whole.length; length++) {
      fs.writeFileSync(`${root}/${JOURNAL}`, whole.subarray(0, length))
      const state = await open()
      const rows = await collect(state.rows())
      const match = recorded.findIndex((known) => JSON.stringify(known) === JSON.stringify(rows))
      expect(match, `cut to ${length} bytes`).toBeGreaterThanOrEqual(0)
      seen.add(match)
      await state.record([{ path: 'z', entry: fileEntry('9') }])
      const again = await open()
      expect(again.notices).toEqual([])
      expect(await collect(again.rows())).toEqual([...rows, { path: 'z', entry: fileEntry('9') }])
    }
    expect(seen.size).toBe(recorded.length)
  })

  test('of the database: it is set aside with a word, and every row that is read was recorded', async () => {
    const { root, open } = temporaryRepository()
    const state = await open()
    const rows = ['a', 'b/c', 'd'].map((path) => ({ path, entry: fileEntry(path) }))
    await state.record(rows)
    await state.compact('always')
    const whole = fs.readFileSync(`${root}/${DATABASE}`)
    for (let length = 1; length < whole.length; length++) {
      fs.writeFileSync(`${root}/${DATABASE}`, whole.subarray(0, length))
      const cut = await open()
      for (const row of await collect(cut.rows())) expect(rows).toContainEqual(row)
      // Only what stands behind the last word on the rows may be missed without a word: nothing is lost with it.
      const complete = length >= whole.indexOf('\nend: 3') + '\nend: 3'.length
      expect(complete ? COMPLETE_OR_NOT : [[1, 0]], `cut to ${length} bytes`).toContainEqual([
        cut.notices.length,
        cut.size,
      ])
      await cut.record([{ path: 'n', entry: fileEntry('n') }])
      expect((await open()).notices).toEqual([])
      for (const name of fs.readdirSync(`${root}/${LSYNC}`)) fs.rmSync(`${root}/${LSYNC}/${name}`)
    }
  })

  test('between the new database and the journal: nothing is counted twice, and no word is lost on it', async () => {
    const { root, open } = temporaryRepository()
    const state = await open()
    await state.record([{ path: 'a', entry: fileEntry('1') }])
    await state.compact('always')
    await state.record([{ path: 'a', entry: fileEntry('2') }])
    await state.intend([intent('a')])
    const journal = fs.readFileSync(`${root}/${JOURNAL}`)
    await state.compact('always')
    fs.writeFileSync(`${root}/${JOURNAL}`, journal)
    const after = await open()
    expect(await collect(after.rows())).toEqual([{ path: 'a', entry: fileEntry('2') }])
    expect(after.openIntents).toEqual([intent('a')])
    expect(after.notices).toEqual([])
  })
})

describe('intents', () => {
  test('stay open until an outcome, through compactions and deaths', async () => {
    const { open } = temporaryRepository()
    const state = await open()
    await state.intend([intent('a'), intent('b'), intent('c')])
    await state.record([{ path: 'b', entry: fileEntry('1') }])
    expect((await open()).openIntents).toEqual([intent('a'), intent('c')])
    await state.compact('always')
    const again = await open()
    expect(again.openIntents).toEqual([intent('a'), intent('c')])
    await again.record([{ path: 'a', entry: undefined }])
    expect((await open()).openIntents).toEqual([intent('c')])
  })

  test('outlive a database that was deleted, though the rows of its journal are not believed', async () => {
    const { root, open } = temporaryRepository()
    const state = await open()
    await state.record([{ path: 'a', entry: fileEntry('1') }])
    await state.compact('always')
    await state.record([{ path: 'b', entry: fileEntry('2') }])
    await state.intend([intent('b')])
    fs.rmSync(`${root}/${DATABASE}`)
    const bare = await open()
    expect(await collect(bare.rows())).toEqual([])
    expect(bare.openIntents).toEqual([intent('b')])
    expect(bare.notices).toHaveLength(1)
    await bare.record([{ path: 'c', entry: fileEntry('3') }])
    const after = await open()
    expect(after.openIntents).toEqual([intent('b')])
    expect(await collect(after.rows())).toEqual([{ path: 'c', entry: fileEntry('3') }])
  })

  test('written while a compaction runs are not lost to it', async () => {
    const { open } = temporaryRepository()
    const state = await open()
    await state.record(
      Array.from({ length: 3000 }, (_, i) => ({ path: `f${i}`, entry: fileEntry('1') })),
    )
    const compaction = { running: true }
    const compacted = state.compact('always').finally(() => {
      compaction.running = false
    })
    const writes: Promise<void>[] = []
    for (let turn = 0; compaction.running; turn++) {
      writes.push(state.intend([intent(`i${turn}`)]))
      writes.push(state.record([{ path: `late${turn}`, entry: fileEntry('2') }]))
      await yieldToOthers()
    }
    await Promise.all([compacted, ...writes])
    const turns = writes.length / 2
    expect(turns).toBeGreaterThan(1)
    const after = await open()
    expect(after.openIntents).toHaveLength(turns)
    expect(after.size).toBe(3000 + turns)
  })
})

function entryByJson(line: string): Row['entry'] | undefined {
  try {
    const values = Object.values(JSON.parse(`{${line}}`))
    return values.length === 1 ? readEntry(values[0]) : undefined
  } catch {
    return undefined
  }
}

describe('files that lsync did not leave so', () => {
  test('a database edited by hand is read, and the next compaction writes it anew', async () => {
    const { root, open } = temporaryRepository()
    const state = await open()
    await state.record(['a', 'b', 'c'].map((path) => ({ path, entry: fileEntry(path) })))
    await state.compact('always')
    const file = `${root}/${DATABASE}`
    const lines = fs.readFileSync(file, 'utf8').split('\n')
    const [a, b, c] = ['  "a"', '  "b"', '  "c"'].map((start) =>
      lines.find((line) => line.startsWith(start)),
    )
    const others = lines.filter((line) => ![a, b, c].includes(line))
    const at = others.findIndex((line) => line.startsWith('entries:')) + 1
    fs.writeFileSync(file, others.toSpliced(at, 0, c ?? '', '  # b is gone', a ?? '').join('\n'))
    const edited = await open()
    expect((await collect(edited.rows())).map(({ path }) => path)).toEqual(['a', 'c'])
    await edited.record([{ path: 'd', entry: fileEntry('d') }])
    await edited.compact('always')
    expect(fs.readFileSync(file, 'utf8')).not.toContain('b is gone')
    expect((await collect((await open()).rows())).map(({ path }) => path)).toEqual(['a', 'c', 'd'])
  })

  const value = anyEntry.map((entry) => writeEntry(entry))
  const written = fc.oneof(
    { weight: 4, arbitrary: value },
    { weight: 1, arbitrary: value.map((text) => text.slice(0, -1)) },
    {
      weight: 1,
      arbitrary: fc.tuple(value, value).map(([a, b]) => `${a}, "surely another": ${b}`),
    },
    { weight: 1, arbitrary: fc.constantFrom('', 'null', '"a": {}', '{}', '{"size":1}') },
  )
  const colon = fc.constantFrom(': ', ':', ' : ', ':   ', '')
  /** What JSON takes only as an escape. */
  const raw = fc.oneof(
    { weight: 6, arbitrary: fc.constant('') },
    { weight: 1, arbitrary: fc.constantFrom('\0', '\t', '\r', '\u001F') },
  )

  test('a row is what JSON makes of its whole line, however it is spaced; what is none is damage', async () => {
    await fc.assert(
      fc.asyncProperty(anyPath, raw, colon, written, async (path, character, between, text) => {
        const { root } = temporaryRepository()
        const line = `  "${character}${jsonLine(path).slice(1)}${between}${text}`
        fs.writeFileSync(
          `${root}/${DATABASE}`,
          `#\nformat: 1\nid: x\nrows: 1\nentries:\n${line}\nend: 1\n`,
        )
        const rows = collect(readRows(nodeDisk(root), []))
        const entry = entryByJson(line)
        if (entry === undefined) await expect(rows).rejects.toThrow(Damaged)
        else expect(await rows).toEqual([{ path, entry }])
      }),
      { numRuns: 300 },
    )
  })

  test('a database is sealed as it was written: a byte that changed is looked for, and found', async () => {
    const { root, open } = temporaryRepository()
    const state = await open()
    await state.record(['a', 'b', 'c'].map((path) => ({ path, entry: fileEntry(path) })))
    await state.compact('always')
    const disk = nodeDisk(root)
    expect(await isSealed(disk)).toBe(true)
    const whole = fs.readFileSync(`${root}/${DATABASE}`)
    for (let at = 0; at < whole.length; at++) {
      const changed = Buffer.from(whole)
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at)
      fs.writeFileSync(`${root}/${DATABASE}`, changed)
      expect(await isSealed(disk), `byte ${at}`).toBe(false)
    }
  })

  test('paths that cut it evenly are found by place', async () => {
    const { open } = temporaryRepository()
    const state = await open()
    const paths = Array.from({ length: 5000 }, (_, index) => `d/${String(index).padStart(5, '0')}`)
    await state.record(paths.map((path) => ({ path, entry: fileEntry(path) })))
    expect(await state.cuts(5, 1000)).toEqual([])
    await state.compact('always')
    const cuts = (await state.cuts(5, 1000)).map((path) => paths.indexOf(path))
    expect(cuts).toHaveLength(4)
    for (const [index, at] of cuts.entries())
      expect(Math.abs(at - (index + 1) * 1000)).toBeLessThan(10)
    expect(await state.cuts(5, 2500)).toHaveLength(1)
    expect(await state.cuts(5, 2501)).toEqual([])
  })

  test('opening changes nothing on the disk: somebody else may be at work here', async () => {
    const { root, open } = temporaryRepository()
    const state = await open()
    await state.record([{ path: 'a', entry: fileEntry('1') }])
    await state.compact('always')
    await state.record([{ path: 'b', entry: fileEntry('1') }])
    fs.appendFileSync(`${root}/${JOURNAL}`, '- {"path":"c","entr')
    const files = (): readonly string[] =>
      fs.readdirSync(`${root}/${LSYNC}`).map((name) => {
        const { ino, mtimeMs } = fs.statSync(`${root}/${LSYNC}/${name}`)
        return `${name} ${ino} ${mtimeMs}`
      })
    const before = files()
    expect((await open()).notices).toHaveLength(1)
    expect(files()).toEqual(before)
  })

  test.each([DATABASE, JOURNAL])('a newer format of %s is refused', async (file) => {
    const { root, open } = temporaryRepository()
    const state = await open()
    await state.record([{ path: 'a', entry: fileEntry('1') }])
    await state.compact('always')
    await state.record([{ path: 'b', entry: fileEntry('1') }])
    const text = fs.readFileSync(`${root}/${file}`, 'utf8')
    fs.writeFileSync(
      `${root}/${file}`,
      text.replace(/format"?: ?1/, (was) => was.replace('1', '2')),
    )
    await expect(open()).rejects.toSatisfy(
      (error) => error instanceof LsyncError && error.code === 'newer-format',
    )
  })

  test('fields of a newer client survive for rows that did not change', async () => {
    const { root, open } = temporaryRepository()
    const state = await open()
    await state.record(['a', 'b'].map((path) => ({ path, entry: fileEntry(path) })))
    await state.compact('always')
    const file = `${root}/${DATABASE}`
    fs.writeFileSync(
      file,
      fs.readFileSync(file, 'utf8').replace('"size":1', '"size":1,"colour":"red"'),
    )
    const next = await open()
    await next.record([{ path: 'c', entry: fileEntry('c') }])
    await next.compact('always')
    expect(fs.readFileSync(file, 'utf8')).toContain('"colour":"red"')
    expect(await (await open()).get('a')).toEqual({ path: 'a', entry: fileEntry('a') })
  })
})
