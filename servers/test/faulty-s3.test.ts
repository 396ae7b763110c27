import { afterAll, describe } from 'vitest'
import { startFaultyS3 } from '../src/index.ts'
import { Client } from './client.ts'
import { semantics } from './semantics.ts'

describe('the server in the process', async () => {
  const server = await startFaultyS3()
  afterAll(() => server.stop())
  semantics(() => Client.onNewBucket(server))
})

describe('the server in the process, where it honours less', async () => {
  const less = {
    conditionalDelete: false,
    conditionalCopy: false,
    conditionalComplete: false,
  } as const
  const server = await startFaultyS3(less)
  afterAll(() => server.stop())
  semantics(() => Client.onNewBucket(server), less)
})
