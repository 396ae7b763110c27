import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { ByteRange, PendingUpload, StorageProvider, UploadSession } from '../../src/index.ts'
import { clones } from './two-clones.ts'

export const PART = 1024
const { signal } = new AbortController()

/** Two clones, and what went over the wire; a run can be interrupted there. */
export async function wired() {
  const wire = {
    parts: [] as ByteRange[],
    read: 0,
    begun: 0,
    now: undefined as number | undefined,
    onPart: (_count: number): void => undefined,
    onRead: (_bytes: number): void => undefined,
    afterCommit: (): void => undefined,
    session: (session: UploadSession): UploadSession => session,
  }
  const watched = (session: UploadSession): UploadSession =>
    wire.session({
      ...session,
      async put(range, source, options) {
        wire.onPart(wire.parts.length)
        options.signal.throwIfAborted()
        await session.put(range, source, options)
        wire.parts.push(range)
      },
      async commit(options) {
        const info = await session.commit(options)
        wire.afterCommit()
        options.signal.throwIfAborted()
        return info
      },
    })
  const around = (provider: StorageProvider): StorageProvider => {
    const { uploads } = provider
    if (uploads === undefined) throw new TypeError('the store in memory takes parts')
    return {
      ...provider,
      async read(key, options) {
        const { info, body } = await provider.read(key, options)
        async function* counted(): AsyncIterable<Uint8Array> {
          for await (const chunk of body) {
            if (key === 'file') {
              wire.onRead(wire.read)
              options.signal.throwIfAborted()
              wire.read += chunk.length
            }
            yield chunk
          }
        }
        return { info, body: counted() }
      },
      uploads: {
        ...uploads,
        async begin(key, options) {
          wire.begun++
          return watched(await uploads.begin(key, options))
        },
        resume: async (token, options) => watched(await uploads.resume(token, options)),
      },
    }
  }
  const both = await clones(2, { partSize: PART, around, now: () => wire.now ?? Date.now() })
  const [a = '', b = ''] = both.folders
  const interrupted = async (index: number, when: (stop: () => void) => void): Promise<void> => {
    const run = new AbortController()
    when(() => run.abort(new Error('interrupted')))
    await expect(both.sync(index, { signal: run.signal })).rejects.toThrow('interrupted')
    Object.assign(wire, {
      onPart: () => undefined,
      onRead: () => undefined,
      afterCommit: () => undefined,
    })
  }
  const pending = async (): Promise<readonly PendingUpload[]> => {
    const found: PendingUpload[] = []
    for await (const one of both.store.open().uploads!.listPending({ signal })) found.push(one)
    return found
  }
  /** Puts an object there, in one piece. */
  const place = async (key: string, bytes: Uint8Array): Promise<void> => {
    const version = both.store.objects.get(key)?.version
    await both.store.open().write(
      key,
      {
        size: bytes.length,
        digests: {},
        async *open() {
          yield bytes
        },
      },
      {
        signal,
        metadata: { user: {} },
        expect: version === undefined ? { kind: 'absent' } : { kind: 'version', version },
      },
    )
  }
  return {
    ...both,
    a,
    b,
    wire,
    interrupted,
    pending,
    place,
    left: (folder: string): string[] =>
      existsSync(join(folder, '.lsync/transfers'))
        ? readdirSync(join(folder, '.lsync/transfers'))
        : [],
    [Symbol.dispose]: () => both[Symbol.dispose](),
  }
}

export type Wired = Awaited<ReturnType<typeof wired>>
