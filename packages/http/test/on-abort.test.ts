import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { onceAborted } from '../src/on-abort.ts'

test('one listener serves all who wait, and goes with the last', () => {
  const stop = new AbortController()
  const heard: string[] = []
  const forget = ['a', 'b'].map((name) => onceAborted(stop.signal, () => heard.push(name)))
  expect(getEventListeners(stop.signal, 'abort')).toHaveLength(1)
  forget[0]?.()
  expect(getEventListeners(stop.signal, 'abort')).toHaveLength(1)
  forget[1]?.()
  expect(getEventListeners(stop.signal, 'abort')).toHaveLength(0)
  onceAborted(stop.signal, () => heard.push('c'))
  stop.abort()
  expect(heard).toEqual(['c'])
  onceAborted(stop.signal, () => heard.push('d'))
  expect(heard).toEqual(['c', 'd'])
})
