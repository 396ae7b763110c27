import { afterEach } from 'vitest'
import type { Channels, ChannelsOptions } from '../src/channels.ts'
import { channels, raw, type Raw } from './raw.ts'

export const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'
/** What a test started, and is stopped after it. */
export const started: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const stop of started.splice(0).toReversed()) await stop()
})

export async function store(
  answer: Parameters<typeof raw>[0],
  options?: Partial<ChannelsOptions>,
): Promise<{ readonly server: Raw; readonly dispatcher: Channels }> {
  const server = await raw(answer)
  const dispatcher = channels(options)
  started.push(
    () => server.stop(),
    () => dispatcher.destroy(),
  )
  return { server, dispatcher }
}

/** Answers each whole head with `answer`, once. */
export const toHeads =
  (answer: string): Parameters<typeof raw>[0] =>
  (socket, heard) => {
    if (heard.endsWith('\r\n\r\n')) socket.write(answer, 'latin1')
  }

export const codeOf = (asked: Promise<unknown>): Promise<unknown> =>
  asked.then(
    () => 'no error',
    (error: unknown) => (error as { code?: unknown }).code,
  )
