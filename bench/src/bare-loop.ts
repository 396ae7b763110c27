import { hash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import aws4 from 'aws4'
import { Pool } from 'undici'

/**
 * The limit: signed requests in a loop and nothing else. `bare-loop.ts put|get FOLDER BUCKET PREFIX` sends each file of a folder, or fetches each
 * key of that name.
 */
const [, , verb = '', folder = '', bucket = '', prefix = ''] = process.argv
const AT_ONCE = 32
const endpoint = process.env['AWS_ENDPOINT_URL_S3'] ?? ''
const { host, origin } = new URL(endpoint)
const credentials = {
  accessKeyId: process.env['AWS_ACCESS_KEY_ID'] ?? '',
  secretAccessKey: process.env['AWS_SECRET_ACCESS_KEY'] ?? '',
}
const pool = new Pool(origin, { connections: AT_ONCE, pipelining: 1 })
const names = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && !entry.parentPath.includes('.lsync'))
  .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))

async function one(name: string): Promise<void> {
  const put = verb === 'put'
  const body = put ? readFileSync(join(folder, name)) : undefined
  const path = `/${bucket}/${prefix}/${name}`
  const sha256 = hash('sha256', body ?? '')
  const { headers } = aws4.sign(
    {
      service: 's3',
      region: 'us-east-1',
      method: put ? 'PUT' : 'GET',
      host,
      path,
      headers: {
        'x-amz-content-sha256': sha256,
        ...(body === undefined ? {} : { 'content-length': body.length, 'if-none-match': '*' }),
      },
    },
    credentials,
  )
  const answer = await pool.request({
    path,
    method: put ? 'PUT' : 'GET',
    headers: Object.entries(headers ?? {}).flatMap(([key, value]) => [key, String(value)]),
    body: body ?? null,
  })
  await (put ? answer.body.dump() : answer.body.arrayBuffer())
  if (answer.statusCode !== 200) throw new Error(`${verb} ${name}: ${answer.statusCode}`)
}

let next = 0
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    for (let name = names[next++]; name !== undefined; name = names[next++]) await one(name)
  }),
)
await pool.close()
