import type { Row } from '../../src/model/entry.ts'
import fs from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nodeDisk } from '../../src/disk/node-disk.ts'
import { LsyncError } from '../../src/model/errors.ts'
import { Damaged, isSealed, readRows } from '../../src/state/database.ts'
import { DATABASE, JOURNAL, LSYNC } from '../../src/state/layout.ts'
import { jsonLine } from '../../src/state/json-line.ts'
import { readEntry, writeEntry } from '../../src/state/row.ts'
import { anyEntry, anyPath, collect, fileEntry } from './entries.ts'
import { temporaryRepository } from './temporary-repository.ts'

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
        const rows = collect(readRows(nodeDisk(root)))
        const entry = entryByJson(line)
        if (entry === undefined) await expect(rows).rejects.toThrow(Damaged)
        else expect(await rows).toEqual([{ path, entry }])
      }),
      { numRuns: 300 },
    )
  })

  test.each([
    ['of many rows', 60_000, (file: string) => fs.appendFileSync(file, 'end: 1\n')],
    ['that is one line without end', 1, (file: string) => fs.truncateSync(file, 100 * 1024 ** 2)],
    [
      'of which nothing but zeroes is left',
      1,
      (file: string) => {
        fs.truncateSync(file, 0)
        fs.truncateSync(file, 600 * 1024 ** 2)
      },
    ],
  ])('a damaged database %s is set aside at once', async (_, count, damage) => {
    const { root, open } = temporaryRepository()
    const first = await open()
    const rows = Array.from({ length: count }, (__, index) => ({
      path: `file ${index}`,
      entry: fileEntry('v', { author: 'somebody with a long name, who works far away' }),
    }))
    await first.record(rows)
    await first.compact('always')
    damage(`${root}/${DATABASE}`)
    const begun = performance.now()
    const state = await open()
    expect(performance.now() - begun).toBeLessThan(5000)
    expect(state.notices).toEqual([expect.stringContaining('the database is damaged')])
    expect(await collect(state.rows())).toEqual([])
    await state.record([{ path: 'a', entry: fileEntry('1') }])
    expect(fs.readdirSync(`${root}/${LSYNC}`)).toContainEqual(
      expect.stringMatching(/^database\.yaml\.damaged-/),
    )
    expect((await open()).notices).toEqual([])
  })

  test('a journal that is one line without end is dropped from there on', async () => {
    const { root, open } = temporaryRepository()
    const first = await open()
    await first.record([{ path: 'a', entry: fileEntry('1') }])
    fs.truncateSync(`${root}/${JOURNAL}`, 600 * 1024 ** 2)
    const state = await open()
    expect(state.notices).toEqual([expect.stringContaining('breaks off at line 3')])
    expect((await collect(state.rows())).map(({ path }) => path)).toEqual(['a'])
    await state.record([{ path: 'b', entry: fileEntry('1') }])
    expect(fs.statSync(`${root}/${JOURNAL}`).size).toBeLessThan(1000)
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
