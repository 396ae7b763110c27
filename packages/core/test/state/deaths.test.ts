import type { Row } from '../../src/model/entry.ts'
import fs from 'node:fs'
import { describe, expect, test } from 'vitest'
import { DATABASE, JOURNAL, LSYNC } from '../../src/state/layout.ts'
import { collect, fileEntry } from './entries.ts'
import { intent, temporaryRepository } from './temporary-repository.ts'

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
