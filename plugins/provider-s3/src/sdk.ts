import { Readable } from 'node:stream'
import type { S3Client } from '@aws-sdk/client-s3'
import type { Dispatcher } from 'undici'
import type { Identity } from './credentials.ts'

/** What the SDK hands to a request handler, as far as we use it. */
interface SdkRequest {
  readonly method: string
  readonly protocol: string
  readonly hostname: string
  readonly port?: number
  readonly path: string
  readonly query?: Readonly<Record<string, string | string[] | null>>
  readonly headers: Record<string, string>
  readonly body?: unknown
}

/** The SDK's client for the rare operations, on our connections, with our credentials, one attempt a call. */
export async function makeClient(
  dispatcher: Dispatcher,
  { credentials, region }: Identity,
  endpoint: string | undefined,
  pathStyle: boolean,
): Promise<S3Client> {
  const { S3Client: Client } = await import('@aws-sdk/client-s3')
  return new Client({
    region,
    credentials,
    ...(endpoint === undefined ? {} : { endpoint }),
    forcePathStyle: pathStyle,
    maxAttempts: 1,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      async handle(request: SdkRequest, { abortSignal }: { abortSignal?: AbortSignal } = {}) {
        const { method, protocol, hostname, port, path, query, headers, body } = request
        const answer = await dispatcher.request({
          origin: `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`,
          path: withQuery(path, query),
          method: method as Dispatcher.HttpMethod,
          headers,
          body: (body ?? null) as Readable | null,
          ...(abortSignal === undefined ? {} : { signal: abortSignal }),
        })
        const plain = Object.fromEntries(
          Object.entries(answer.headers).map(([name, value]) => [name, String(value)]),
        )
        return { response: { statusCode: answer.statusCode, headers: plain, body: answer.body } }
      },
    } as never,
  })
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
