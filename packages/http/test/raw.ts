import { createServer, type Socket } from 'node:net'
import { type Answer, type Dispatcher, exchange, type Outgoing } from '../src/exchange.ts'
import { Channels, type ChannelsOptions } from '../src/channels.ts'
import { listening } from '@lsync/servers'

export const { signal } = new AbortController()

export interface Raw {
  readonly origin: string
  /** Of all connections so far, what each was sent. */
  readonly heard: string[]
  readonly sockets: Socket[]
  stop(): Promise<void>
}

/** A server that writes just the bytes that a test wants: `answer` is called with each piece that comes. */
export async function raw(
  answer: (socket: Socket, heard: string, connection: number) => void,
): Promise<Raw> {
  const heard: string[] = []
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    const connection = heard.push('') - 1
    sockets.push(socket)
    socket.setNoDelay(true)
    socket.on('error', () => undefined)
    socket.on('data', (data) => {
      heard[connection] += data.toString('latin1')
      answer(socket, heard[connection] ?? '', connection)
    })
  })
  const listener = await listening(server)
  return {
    origin: `http://127.0.0.1:${listener.port}`,
    heard,
    sockets,
    stop: () => listener.stop(),
  }
}

export function channels(options: Partial<ChannelsOptions> = {}): Channels {
  return new Channels({ connections: 4, connect: 1000, silence: 5000, ...options })
}

export function ask(
  dispatcher: Dispatcher,
  origin: string,
  request: Partial<Outgoing> = {},
  stop: AbortSignal = signal,
): Promise<Answer> {
  return exchange(
    dispatcher,
    { origin, path: '/', method: 'GET', headers: [], body: null, ...request },
    stop,
    () => undefined,
  )
}

export async function textOf({ body }: Answer): Promise<string> {
  let text = ''
  for await (const chunk of body) text += Buffer.from(chunk).toString('latin1')
  return text
}
