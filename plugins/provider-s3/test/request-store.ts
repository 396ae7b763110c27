import { isStorageError, type StorageError } from '@lsync/core/provider'
import type { Connections } from '@lsync/http'
import type { Listening } from '@lsync/servers'
import { afterEach } from 'vitest'
import { readObject } from '../src/reading.ts'
import type { Requester } from '../src/request.ts'
import { fake, type Handler, requesterTo } from './fake.ts'

export const signal = new AbortController().signal
const started: { stop(): Promise<void> }[] = []

afterEach(async () => {
  await Promise.all(started.splice(0).map((one) => one.stop()))
})

export async function store(
  handler: Handler,
  silence = 60_000,
): Promise<{ readonly requester: Requester; readonly server: Listening }> {
  const server = await fake(handler)
  const { requester, connections } = await requesterTo(
    `http://127.0.0.1:${server.port}`,
    {},
    { connect: 1000, silence },
  )
  started.push({ stop: () => closing(connections, server) })
  return { requester, server }
}

async function closing(connections: Connections, server: Listening): Promise<void> {
  await connections.destroy()
  await server.stop()
}

export async function failureOf(operation: Promise<unknown>): Promise<StorageError> {
  try {
    await operation
  } catch (error) {
    if (isStorageError(error)) return error
    throw error
  }
  throw new Error('it succeeded')
}

export const OBJECT = {
  etag: '"0123456789abcdef0123456789abcdef"',
  'last-modified': 'Tue, 24 Nov 2026 14:15:16 GMT',
}

export async function bytesOf(requester: Requester, options = {}): Promise<Buffer> {
  const { body } = await readObject(requester, 'a', { signal, ...options })
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks)
}
