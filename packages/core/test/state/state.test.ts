import type { Row } from '../../src/model/entry.ts'
import fs from 'node:fs'
import { setImmediate as yieldToOthers } from 'node:timers/promises'
import * as fc from 'fast-check'
import { parse } from 'yaml'
import { describe, expect, test } from 'vitest'
import { isWithin } from '../../src/model/path.ts'
import { compareKeys } from '../../src/provider/index.ts'
import { DATABASE } from '../../src/state/layout.ts'
import { anyEntry, anyPath, collect, fileEntry } from './entries.ts'
import { intent, temporaryRepository } from './temporary-repository.ts'

function sorted(model: ReadonlyMap<string, Row['entry']>): readonly Row[] {
  return [...model]
    .map(([path, entry]) => ({ path, entry }))
    .toSorted((a, b) => compareKeys(a.path, b.path))
}

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
        const { signal } = new AbortController()
        expect(await state.entriesOf([...model.keys(), 'surely/absent'], signal)).toEqual(model)
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
