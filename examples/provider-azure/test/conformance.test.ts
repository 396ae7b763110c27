import { conformance } from '@lsync/conformance'
import { afterAll, beforeAll, test } from 'vitest'
import azure from '../src/index.ts'
import { type Azurite, startAzurite } from './azurite.ts'

let azurite: Azurite
beforeAll(async () => {
  azurite = await startAzurite('tests')
})
afterAll(() => azurite.stop())

conformance(test, {
  name: 'azure',
  open: () =>
    azure.open('az://tests/some/place', {
      signal: new AbortController().signal,
      settings: {},
      environment: { AZURE_STORAGE_CONNECTION_STRING: azurite.connection },
      concurrency: 8,
    }),
})
