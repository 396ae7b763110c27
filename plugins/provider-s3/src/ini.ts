/** Sections of a file in the form of ~/.aws/config and boto.cfg: names as they stand, values by name; indented ones as `name.inner`. */
export type Sections = ReadonlyMap<string, ReadonlyMap<string, string>>

export function parseIni(text: string): Sections {
  const sections = new Map<string, Map<string, string>>()
  let section = new Map<string, string>()
  let outer = ''
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue
    const heading = /^\[([^\]]+)\]/.exec(line)?.[1]
    if (heading !== undefined) {
      const name = heading.trim().replaceAll(/\s+/g, ' ')
      section = sections.get(name) ?? new Map()
      sections.set(name, section)
      outer = ''
      continue
    }
    const [, name, value] = /^([^=:\s]+)\s*[=:]\s*(.*)$/.exec(line) ?? []
    if (name === undefined || value === undefined) continue
    const indented = /^\s/.test(raw)
    section.set(indented && outer !== '' ? `${outer}.${name}` : name, value)
    if (!indented) outer = value === '' ? name : ''
  }
  return sections
}

/** Keys of the `[Credentials]` section of a boto.cfg, where many have them since years. Undefined if there are none. */
export function parseBoto(
  text: string,
): { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined {
  const section = parseIni(text).get('Credentials')
  const accessKeyId = section?.get('aws_access_key_id')
  const secretAccessKey = section?.get('aws_secret_access_key')
  return accessKeyId === undefined || secretAccessKey === undefined
    ? undefined
    : { accessKeyId, secretAccessKey }
}

/** What a profile of ~/.aws/config says about where S3 is. */
export function profileOf(
  text: string,
  profile: string,
): { readonly region?: string; readonly endpoint?: string } {
  const sections = parseIni(text)
  const section =
    sections.get(`profile ${profile}`) ??
    (profile === 'default' ? sections.get('default') : undefined)
  const services = section?.get('services')
  const endpoint =
    (services === undefined
      ? undefined
      : sections.get(`services ${services}`)?.get('s3.endpoint_url')) ??
    section?.get('s3.endpoint_url') ??
    section?.get('endpoint_url')
  const region = section?.get('region')
  return {
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
  }
}
