import aws4 from 'aws4'
import { type DelayProxy, type Server, startDelayProxy, startMinio } from '@lsync/servers'

/** What a command made the server do. */
export interface Traffic {
  readonly requests: number
  /** Those that change something. */
  readonly writes: number
  /** Both ways, bodies and headers, as they passed the line; undefined without a line between. */
  readonly bytes: number | undefined
}

/** A fresh MinIO, and a line to it that takes its time. Disposed, it is gone, but not its data. */
export interface Store extends AsyncDisposable {
  /** Where clients go. */
  readonly endpoint: string
  readonly server: Server
  createBucket(name: string): Promise<void>
  /** How many objects lie below a prefix, and how many bytes they hold. */
  count(bucket: string, prefix: string): Promise<{ objects: number; bytes: number }>
  traffic(): Promise<Traffic>
  /** Removes the data. */
  remove(): Promise<void>
}

/** @param roundTrip milliseconds added to each round trip; undefined for no line at all */
export async function openStore(roundTrip: number | undefined): Promise<Store> {
  // So that its counters may be read without a token.
  process.env['MINIO_PROMETHEUS_AUTH_TYPE'] = 'public'
  const server = await startMinio((line) => {
    console.error(line)
  })
  let line: DelayProxy | undefined
  if (roundTrip !== undefined)
    line = await startDelayProxy({ target: server.endpoint, delay: roundTrip / 2 })
  return {
    endpoint: line?.endpoint ?? server.endpoint,
    server,
    createBucket: (name) => server.createBucket(name),
    count: (bucket, prefix) => count(server, bucket, prefix),
    async traffic() {
      const answer = await fetch(`${server.endpoint}/minio/metrics/v3/api/requests`)
      if (!answer.ok) throw new Error(`MinIO does not tell its counters: ${answer.status}`)
      let requests = 0
      let writes = 0
      for (const [, name = '', value] of (await answer.text()).matchAll(
        /^minio_api_requests_total\{name="(\w+)".*\} (\S+)$/gm,
      )) {
        requests += Number(value)
        if (!/^(?:Get|Head|List)/.test(name)) writes += Number(value)
      }
      const bytes = line === undefined ? undefined : line.bytes.up + line.bytes.down
      return { requests, writes, bytes }
    },
    async [Symbol.asyncDispose]() {
      await line?.stop()
      process.kill(server.pid, 'SIGKILL')
    },
    remove: () => server.stop(),
  }
}

async function count(
  server: Server,
  bucket: string,
  prefix: string,
): Promise<{ objects: number; bytes: number }> {
  let objects = 0
  let bytes = 0
  let token = ''
  for (;;) {
    const query = new URLSearchParams({ 'list-type': '2', prefix })
    if (token !== '') query.set('continuation-token', token)
    query.sort()
    const path = `/${bucket}?${query.toString().replaceAll('+', '%20')}`
    const { headers } = aws4.sign(
      { service: 's3', region: 'us-east-1', host: new URL(server.endpoint).host, path },
      { accessKeyId: server.accessKey, secretAccessKey: server.secretKey },
    )
    const answer = await fetch(`${server.endpoint}${path}`, {
      headers: Object.entries(headers ?? {}).map(([name, value]) => [name, String(value)]),
    })
    const xml = await answer.text()
    if (!answer.ok) throw new Error(`${bucket}/${prefix} cannot be listed: ${xml}`)
    for (const [, key = '', size] of xml.matchAll(/<Key>(.*?)<\/Key>.*?<Size>(\d+)<\/Size>/gs)) {
      if (key.slice(prefix.length).startsWith('.lsync/')) continue
      objects++
      bytes += Number(size)
    }
    const next = /<NextContinuationToken>(.*?)<\/NextContinuationToken>/.exec(xml)?.[1]
    if (next === undefined) return { objects, bytes }
    token = next
  }
}
