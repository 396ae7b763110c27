import { expect, test } from 'vitest'
import { Bandwidth, Slots } from '../../src/remote/limiter.ts'

const { signal } = new AbortController()

test('who takes several is not overtaken by those who need fewer', async () => {
  const slots = new Slots(4)
  await slots.take(signal, 3)
  const order: string[] = []
  const all = slots.take(signal, 4).then(() => order.push('all'))
  const one = slots.take(signal).then(() => order.push('one'))
  await Promise.resolve()
  expect(order).toEqual([])
  slots.release(3)
  await all
  expect(order).toEqual(['all'])
  slots.release(4)
  await one
  expect(order).toEqual(['all', 'one'])
})

test('who gives up waiting makes way for those behind', async () => {
  const slots = new Slots(4)
  await slots.take(signal, 3)
  const stop = new AbortController()
  const all = slots.take(stop.signal, 4)
  const one = slots.take(signal)
  stop.abort(new Error('enough'))
  await expect(all).rejects.toThrow('enough')
  await one
  slots.release(1)
  slots.release(3)
  await slots.take(signal, 4)
})

test('nobody waits for more than there are', async () => {
  await expect(new Slots(4).take(signal, 5)).rejects.toThrow(RangeError)
})

test('a clock that is set back holds up nobody', async () => {
  let now = 1_000_000
  const slept: number[] = []
  const world = {
    now: () => now,
    async sleep(milliseconds: number) {
      slept.push(milliseconds)
      now += milliseconds
    },
    token: () => '',
  }
  const bandwidth = new Bandwidth(1000, world)
  for (let second = 0; second < 3; second++) await bandwidth.take(1000, signal)
  now -= 3_600_000
  for (let second = 0; second < 3; second++) await bandwidth.take(1000, signal)
  expect(slept).toHaveLength(5)
  expect(Math.max(...slept)).toBeLessThanOrEqual(2000)
})
