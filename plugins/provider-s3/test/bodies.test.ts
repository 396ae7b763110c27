import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import { createServer as createSecureServer } from 'node:tls'
import { isStorageError, type ReadOptions } from '@lsync/core/provider'
import { WatchedMemory } from '@lsync/conformance'
import { listening } from '@lsync/servers'
import { afterEach, describe, expect, test } from 'vitest'
import { readObject } from '../src/reading.ts'
import type { Requester } from '../src/request.ts'
import { CERTIFICATE, KEY } from '@lsync/servers'
import { requesterTo } from './fake.ts'

const KIB = 1024
const { signal } = new AbortController()
const started: (() => Promise<void> | void)[] = []

afterEach(async () => {
  for (const stop of started.splice(0).toReversed()) await stop()
})

/** Numbers that follow from a seed, in [0, 1). */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** No two objects, and no two places of one, look the same. */
function contentOf(key: number, size: number): Buffer {
  const content = Buffer.alloc(size)
  for (let at = 0; at + 8 <= size; at += 8) {
    content.writeUInt32LE(key, at)
    content.writeUInt32LE(at, at + 4)
  }
  return content
}

const headOf = (size: number, padding = 0): string =>
  [
    'HTTP/1.1 200 OK',
    'etag: "0123456789abcdef0123456789abcdef"',
    `x-padding: ${'p'.repeat(padding)}`,
    'last-modified: Tue, 24 Nov 2026 14:15:16 GMT',
    `content-length: ${size}`,
    '',
    '',
  ].join('\r\n')

type Answering = (socket: Socket, key: number) => Promise<void>

/** A server that writes its answers byte by byte as a test wants, to `GET /bucket/pre/NUMBER`. */
async function store(answer: Answering, secure = false): Promise<Requester> {
  const serve = (socket: Socket): void => {
    socket.setNoDelay(true)
    socket.on('error', () => undefined)
    let request = ''
    socket.on('data', (data) => {
      request += data.toString('latin1')
      const end = request.indexOf('\r\n\r\n')
      if (end === -1) return
      const key = Number(/^GET \/bucket\/pre\/(\d+) /.exec(request)?.[1])
      request = request.slice(end + 4)
      void answer(socket, key)
    })
  }
  const server = secure
    ? (createSecureServer({ cert: CERTIFICATE, key: KEY }, serve) as unknown as Server)
    : createServer(serve)
  const { port, ...listener } = await listening(server)
  started.push(() => listener.stop())
  const environment: Record<string, string> = {}
  if (secure) {
    const folder = mkdtempSync(join(tmpdir(), 'lsync-bodies-'))
    started.push(() => rmSync(folder, { recursive: true }))
    environment['AWS_CA_BUNDLE'] = join(folder, 'bundle.pem')
    writeFileSync(environment['AWS_CA_BUNDLE'], CERTIFICATE)
  }
  const { requester, connections } = await requesterTo(
    secure ? `https://localhost:${port}` : `http://127.0.0.1:${port}`,
    environment,
  )
  started.push(() => connections.destroy())
  return requester
}

function write(socket: Socket, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    socket.write(bytes, () => resolve())
  })
}

/** Reads it as one does who lets memory be used again: what is kept is copied, and nothing looked at twice. */
async function received(
  requester: Requester,
  key: number,
  options: Partial<ReadOptions>,
  between: () => Promise<unknown> = turn,
): Promise<Buffer> {
  const chunks: Buffer[] = []
  const { body } = await readObject(requester, String(key), { signal, ...options })
  for await (const chunk of body) {
    await between()
    chunks.push(Buffer.from(chunk))
  }
  return Buffer.concat(chunks)
}

const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

describe.each([
  ['http', false],
  ['https', true],
])('over %s', (_, secure) => {
  test.each([true, false])(
    'bytes are what was sent, however they come and however slowly they are read (memory used again: %s)',
    { timeout: 60_000 },
    async (reuse) => {
      const random = numbers(7)
      const sizes = Array.from({ length: 40 }, () =>
        Math.floor(random() < 0.3 ? random() * 4 * KIB : random() * 3000 * KIB),
      )
      const requester = await store(async (socket, key) => {
        const size = sizes[key] ?? 0
        const answer = Buffer.concat([
          Buffer.from(headOf(size, Math.floor(random() * 6000))),
          contentOf(key, size),
        ])
        const steps = random() < 0.5 ? 2 * KIB : 2000 * KIB
        for (let at = 0; at < answer.length;) {
          const end = at + 1 + Math.floor(random() * (at < 8 * KIB ? 3 * KIB : steps))
          await write(socket, answer.subarray(at, end))
          if (random() < 0.3) await turn()
          at = end
        }
      }, secure)
      const memory = new WatchedMemory()
      const queue = sizes.map((size, key) => ({ size, key }))
      const read = async (): Promise<void> => {
        for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
          const slow = random() < 0.5
          let chunks = 0
          const bytes = await received(requester, next.key, reuse ? { memory } : {}, () =>
            slow && ++chunks % 4 === 0 ? sleep(1) : turn(),
          )
          expect(bytes.length).toBe(next.size)
          expect(sha(bytes)).toBe(sha(contentOf(next.key, next.size)))
        }
      }
      await Promise.all(Array.from({ length: 4 }, read))
      expect(memory.lent).toBe(0)
    },
  )
})

test('headers that come in many pieces are whole, also behind a large body', async () => {
  const requester = await store(async (socket, key) => {
    const head = Buffer.from(headOf(1000 * KIB, 100))
    for (let at = 0; at < head.length; at += 7) {
      await write(socket, head.subarray(at, at + 7))
      await sleep(1)
    }
    await write(socket, contentOf(key, 1000 * KIB))
  })
  for (const key of [1, 2]) {
    const { info, body } = await readObject(requester, String(key), {
      signal,
      memory: new WatchedMemory(),
    })
    expect(info).toMatchObject({
      version: '0123456789abcdef0123456789abcdef',
      size: 1000 * KIB,
      modified: Date.UTC(2026, 10, 24, 14, 15, 16),
    })
    for await (const _ of body) await turn()
  }
})

test.each([true, false])(
  'what arrived before the line broke is good (memory used again: %s)',
  async (reuse) => {
    const requester = await store(async (socket, key) => {
      await write(socket, Buffer.from(headOf(5000 * KIB)))
      await write(socket, contentOf(key, 5000 * KIB).subarray(0, 1_234_567))
      await sleep(20)
      socket.destroy()
    })
    let arrived = 0
    const { body } = await readObject(requester, '3', {
      signal,
      ...(reuse ? { memory: new WatchedMemory() } : {}),
    })
    const reading = async (): Promise<void> => {
      for await (const chunk of body) {
        expect(
          contentOf(3, 5000 * KIB)
            .subarray(arrived, arrived + chunk.length)
            .equals(chunk),
        ).toBe(true)
        arrived += chunk.length
      }
    }
    const error: unknown = await reading().catch((failure: unknown) => failure)
    expect(isStorageError(error) && error.code).toBe('network')
    expect(arrived).toBe(1_234_567)
  },
)

test('a slow line is seen to move before a piece is full', async () => {
  const requester = await store(async (socket, key) => {
    const content = contentOf(key, 600 * KIB)
    await write(socket, Buffer.from(headOf(content.length)))
    for (let at = 0; at < content.length; at += 20 * KIB) {
      await write(socket, content.subarray(at, at + 20 * KIB))
      await sleep(30)
    }
  })
  const lengths: number[] = []
  const { body } = await readObject(requester, '4', { signal, memory: new WatchedMemory() })
  for await (const chunk of body) lengths.push(chunk.length)
  expect(lengths.length).toBeGreaterThan(2)
  expect(Math.max(...lengths)).toBeLessThan(400 * KIB)
})

test('a refusal of no announced length is read whole, and none of it lies in memory of the reader', async () => {
  const memory = new WatchedMemory()
  const requester = await store(async (socket) => {
    const part = (text: string): Buffer => Buffer.from(`${text.length.toString(16)}\r\n${text}\r\n`)
    await write(socket, Buffer.from('HTTP/1.1 404 Not Found\r\ntransfer-encoding: chunked\r\n\r\n'))
    await write(socket, part('<Error><Code>NoSuch'))
    await sleep(400)
    await write(socket, part('Bucket</Code></Error>'))
    await write(socket, Buffer.from('0\r\n\r\n'))
  })
  const reading = readObject(requester, '5', { signal, memory })
  await expect(reading).rejects.toMatchObject({ code: 'no-remote' })
  expect(memory.lent).toBe(0)
})
