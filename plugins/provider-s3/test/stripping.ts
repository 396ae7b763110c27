import { createServer, request as send } from 'node:http'
import { listening } from '@lsync/servers'
import { onTestFinished } from 'vitest'
import s3 from '../src/index.ts'

const { signal } = new AbortController()

interface Store {
  readonly endpoint: string
  readonly user: string
  readonly secret: string
  readonly bucket: string
}

/** Opens a bucket behind a proxy that takes away what begins with `x-amz-`. */
export async function behind(
  { endpoint, user, secret, bucket }: Store,
  strips: 'requests' | 'answers',
) {
  const { hostname, port } = new URL(endpoint)
  const left = (
    headers: Readonly<Record<string, string | string[] | undefined>>,
    isStripped: boolean,
  ) =>
    Object.fromEntries(
      Object.entries(headers).filter(([name]) => !isStripped || !name.startsWith('x-amz-')),
    )
  const proxy = await listening(
    createServer((asked, answer) => {
      const { method, url: path } = asked
      const headers = left(asked.headers, strips === 'requests')
      const onward = send({ hostname, port, method, path, headers }, (heard) => {
        answer.writeHead(heard.statusCode ?? 502, left(heard.headers, strips === 'answers'))
        heard.pipe(answer)
      })
      asked.pipe(onward)
    }),
  )
  onTestFinished(() => proxy.stop())
  return s3.open(`s3://${bucket}`, {
    signal,
    settings: {},
    environment: {
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${proxy.port}`,
      AWS_ACCESS_KEY_ID: user,
      AWS_SECRET_ACCESS_KEY: secret,
      AWS_REGION: 'us-east-1',
    },
    concurrency: 4,
  })
}
