import { Readable } from 'node:stream'
import type { Connections } from '@lsync/http'
import { connectionError } from './errors.ts'

/** What the SDK hands to a request handler, as far as we use it. */
interface SdkRequest {
  readonly method: string
  readonly protocol: string
  readonly hostname: string
  readonly port?: number
  readonly path: string
  readonly query?: Readonly<Record<string, string | string[] | null>>
  readonly headers: Record<string, string>
  readonly body?: Readable | Uint8Array | string | null
}

interface SdkAnswer {
  readonly response: {
    readonly statusCode: number
    readonly headers: Readonly<Record<string, string>>
    readonly body: Readable
  }
}

/** No interface: the SDK takes it for a record, too. */
type RequestHandler = {
  readonly handle: (
    request: SdkRequest,
    options?: { readonly abortSignal?: AbortSignal },
  ) => Promise<SdkAnswer>
}

/** Lets the SDK's clients (S3, and those that fetch credentials) use our connections: one place for proxies and certificates. */
export function requestHandler(connections: Connections, headersTimeout?: number): RequestHandler {
  return {
    async handle(request, { abortSignal } = {}) {
      const { method, protocol, hostname, port, path, query, headers, body } = request
      const answer = await connections.for(protocol).exchange(
        {
          origin: `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`,
          path: withQuery(path, query),
          method,
          headers: Object.entries(headers).flatMap(([name, value]) => [name.toLowerCase(), value]),
          body: typeof body === 'string' ? Buffer.from(body) : (body ?? null),
          ...(headersTimeout === undefined ? {} : { headersTimeout }),
        },
        abortSignal ?? new AbortController().signal,
      )
      const plain = Object.fromEntries(
        Object.entries(answer.headers).map(([name, value]) => [name, String(value)]),
      )
      return {
        response: {
          statusCode: answer.status,
          headers: plain,
          body: Readable.from(answer.body, { objectMode: false }),
        },
      }
    },
  }
}

export interface Watched {
  readonly handler: RequestHandler
  /** Why the last request came to nothing, if that passes by itself. */
  trouble: string | undefined
}

/** For what the SDK asks others for: its errors tell in many ways what became of its requests, or not at all. */
export function watchedHandler(connections: Connections): Watched {
  const { handle } = requestHandler(connections)
  const watched: Watched = {
    trouble: undefined,
    handler: {
      async handle(request, options) {
        const { hostname } = request
        try {
          const answer = await handle(request, options)
          const { statusCode } = answer.response
          watched.trouble =
            statusCode >= 500 || statusCode === 429
              ? `${hostname} answers with status ${statusCode}`
              : undefined
          return answer
        } catch (error) {
          const failure = connectionError('', hostname, error)
          watched.trouble = failure.code === 'network' ? failure.message : undefined
          throw error
        }
      },
    },
  }
  return watched
}

function withQuery(path: string, query: SdkRequest['query']): string {
  const pairs = Object.entries(query ?? {}).flatMap(([name, value]) =>
    [value]
      .flat()
      .map((one) =>
        one === null || one === undefined
          ? encodeURIComponent(name)
          : `${encodeURIComponent(name)}=${encodeURIComponent(one)}`,
      ),
  )
  return pairs.length === 0 ? path : `${path}?${pairs.join('&')}`
}
