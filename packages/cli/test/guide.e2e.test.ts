import { test } from 'vitest'
import { PAGES, runPage } from './guide.ts'

test.each(PAGES)('the guide does what it says: %s', (page) => {
  runPage(page)
})
