import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { raw } from './raw.ts'

test('the example of the README does what it says', async () => {
  const server = await raw((socket, heard) => {
    if (heard.startsWith('GET /things/1 HTTP/1.1\r\naccept: application/json\r\n'))
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n{"a":1}')
  })
  try {
    const text = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
    const [, code = ''] = /```ts\n(.*?)```/s.exec(text) ?? []
    const here = code
      .replaceAll('https://store.example', server.origin)
      .replaceAll("'https:'", "'http:'")
      .replace('@lsync/http', new URL('../src/index.ts', import.meta.url).href)
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--conditions=@lsync/source',
      '--input-type=module',
      '--eval',
      `const { signal } = new AbortController()\n${here}`,
    ])
    expect(stdout.trim()).toBe('200 {"a":1}')
  } finally {
    await server.stop()
  }
})
