import { expect, test } from 'vitest'
import { everyCrossing } from './crossed-renames.ts'

test('renames that cross keep the last copy, whenever one of the clients dies', async () => {
  expect(await everyCrossing()).toEqual([])
})
