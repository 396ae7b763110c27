import { randomUUID } from 'node:crypto'
import { conformance } from '@lsync/conformance'
import { createGcsBucket } from '@lsync/servers'
import { expect, test } from 'vitest'
import gcs from '../src/index.ts'

const { LSYNC_TEST_SERVER: name, STORAGE_EMULATOR_HOST: endpoint } = process.env
if (name === undefined || endpoint === undefined)
  throw new Error('run this suite with: pnpm test:servers')

const bucket = `conformance-${randomUUID()}`
await createGcsBucket(endpoint, bucket)
const options = {
  signal: new AbortController().signal,
  settings: {},
  environment: { STORAGE_EMULATOR_HOST: endpoint },
  concurrency: 16,
}
const url = `gs://${bucket}/some/prefix`
const first = await gcs.open(url, options)
const known = await first.probe!({ signal: options.signal, scratch: 'probe/' })
await first[Symbol.asyncDispose]()

conformance(test, { name, open: () => gcs.open(url, { ...options, known }) })

/** What fake-gcs-server does not honour, and what is made of that: it changes with the server's version, not by itself. */
test(`the probe finds what ${name} passes over`, () => {
  expect(known.guarantees).toEqual({
    create: 'atomic',
    replace: 'atomic',
    // DELETE looks at no condition.
    remove: 'checked',
    // The question how far a session is ends the session.
    commit: 'none',
    // A rewrite looks at no condition.
    copy: 'none',
  })
  for (const { check, ok, message } of known.findings)
    process.stdout.write(`${name}, ${check}: ${ok ? 'ok' : 'not ok'}. ${message}\n`)
})
