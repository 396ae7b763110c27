/** Keys of the `[Credentials]` section of a boto.cfg, where many have them since years. Undefined if there are none. */
export function parseBoto(
  text: string,
): { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined {
  let section = ''
  const values = new Map<string, string>()
  for (const raw of text.split('\n')) {
    const line = raw.trim()
    const heading = /^\[(.+)\]$/.exec(line)?.[1]
    if (heading !== undefined) section = heading.trim()
    const pair = /^([A-Za-z_]+)\s*[=:]\s*(.+)$/.exec(line)
    if (section === 'Credentials' && pair !== null) values.set(pair[1] ?? '', pair[2] ?? '')
  }
  const accessKeyId = values.get('aws_access_key_id')
  const secretAccessKey = values.get('aws_secret_access_key')
  return accessKeyId === undefined || secretAccessKey === undefined
    ? undefined
    : { accessKeyId, secretAccessKey }
}
