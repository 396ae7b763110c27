import assert from 'node:assert/strict'
import type { Case } from './case.ts'
import { keysOf } from './tools.ts'

export const probing: readonly Case[] = [
  {
    name: 'a probe finds what the provider was opened with, and leaves nothing behind',
    unless: (provider) => ('probe' in provider ? undefined : 'it has nothing to probe'),
    async run({ provider, signal, prefix }) {
      assert.ok(provider.probe !== undefined)
      const report = await provider.probe({ signal, scratch: prefix })
      assert.deepEqual(
        report.guarantees,
        provider.guarantees,
        'open it in the suite with the report of a probe',
      )
      assert.ok(report.findings.length > 0)
      for (const { check, message } of report.findings)
        assert.ok(check !== '' && message.endsWith('.'), check)
      assert.deepEqual(await keysOf(provider, { prefix }, signal), [])
    },
  },
]
