import { bytesOf, type Connections } from '@lsync/http'

/** Of a token: no service answers with more. */
const LONGEST = 1024 * 1024

/** `fetch` for Google's library, over our connections: proxies and time limits are the same for tokens and for objects. No redirect is followed. */
export function tokenFetch(connections: Connections): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init)
    const { origin, pathname, search, protocol } = new URL(request.url)
    const { status, headers, body } = await connections.for(protocol).exchange(
      {
        origin,
        path: `${pathname}${search}`,
        method: request.method,
        headers: [...request.headers].flat(),
        body: request.body === null ? null : new Uint8Array(await request.arrayBuffer()),
      },
      // The caller's own: that of a request may be forgotten with it.
      init?.signal ?? request.signal,
    )
    const bytes = await bytesOf(body, LONGEST)
    return new Response(status === 204 || status === 304 ? null : new Uint8Array(bytes), {
      status,
      headers: Object.entries(headers).map(([name, value]): [string, string] => [
        name,
        String(value),
      ]),
    })
  }
}
