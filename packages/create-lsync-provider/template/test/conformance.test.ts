import { conformance } from '@lsync/conformance'
import { test } from 'vitest'
import provider from '../src/index.ts'

// Every provider of lsync passes these tests; yours, too, from now on. Each opens the remote anew and works under a prefix of its own,
// so one place serves the whole run. `npx vitest run -t 'listing'` runs one group.
conformance(test, {
  name: '{{scheme}}',
  open: () =>
    provider.open(provider.normalize('{{scheme}}://tests', { folder: '/' }), {
      signal: new AbortController().signal,
      settings: {},
      environment: process.env,
      concurrency: 8,
      create: true,
    }),
  // What your store cannot do, by the name of the test and with the reason; it is printed with each run.
  gaps: {},
})
