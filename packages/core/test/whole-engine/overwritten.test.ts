import { expect, test } from 'vitest'
import { everyForce } from './overwritten.ts'

test('what is overwritten unseen is kept, whenever the client dies', async () => {
  expect(await everyForce()).toEqual([])
})
