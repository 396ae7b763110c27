import { bytesSource } from '@lsync/core/provider'
import { describe, expect, test } from 'vitest'
import { newBucket, server, signal } from './server.ts'
import { behind } from './stripping.ts'

const store = { ...server, bucket: await newBucket() }

describe(`behind a proxy that takes away headers, on ${server.name}`, () => {
  test('where answers lose them, uploads in parts are not relied on, and the rest is', async () => {
    await using provider = await behind(store, 'answers')
    const report = await provider.probe!({ signal, scratch: 'probe/' })
    expect(report.guarantees).toMatchObject({
      create: 'atomic',
      replace: 'atomic',
      commit: 'checked',
    })
    const { version } = await provider.write('key', bytesSource(Buffer.from('one')), {
      signal,
      expect: { kind: 'absent' },
      metadata: { user: {} },
    })
    expect(await provider.head('key', { signal })).toMatchObject({ version })
  })

  test('where requests lose them, that is what is said', async () => {
    await expect(behind(store, 'requests')).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringMatching(/takes away .*x-amz-/),
    })
  })
})
