/** An element's content: text, elements in their order, or an element repeated. */
export type Content = string | number | boolean | readonly Element[]
export type Element = readonly [name: string, content: Content]

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/'

export function document(name: string, content: readonly Element[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name} xmlns="${NAMESPACE}">${elements(content)}</${name}>`
}

/** S3's errors stand in no namespace. */
export function errorDocument(content: readonly Element[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${elements(content)}</Error>`
}

function elements(content: readonly Element[]): string {
  let xml = ''
  for (const [name, value] of content)
    xml += `<${name}>${typeof value === 'object' ? elements(value) : escape(String(value))}</${name}>`
  return xml
}

/** Control characters go out as references, as S3 does, although strict parsers refuse them: that is what encoding-type=url is for. */
function escape(plain: string): string {
  return plain.replaceAll(/[&<>"\p{Cc}]/gu, (character) =>
    character === '&'
      ? '&amp;'
      : character === '<'
        ? '&lt;'
        : character === '>'
          ? '&gt;'
          : character === '"'
            ? '&quot;'
            : `&#x${character.charCodeAt(0).toString(16).toUpperCase()};`,
  )
}

/** The contents of all elements of that name, undecoded: for the few flat documents that clients send. */
export function inner(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}(?:\\s[^>]*)?>([\\s\\S]*?)</${name}>`, 'g'))].map(
    ([, content = '']) => content,
  )
}

/** The text of the first element of that name. */
export function text(xml: string, name: string): string | undefined {
  const [first] = inner(xml, name)
  return first === undefined ? undefined : unescape(first)
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
}

function unescape(escaped: string): string {
  return escaped.replaceAll(
    /&(?:(amp|lt|gt|quot|apos)|#(\d+)|#x([0-9a-fA-F]+));/g,
    (_, name?: string, decimal?: string, hex?: string) =>
      name === undefined
        ? String.fromCodePoint(
            decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal),
          )
        : (ENTITIES[name] ?? ''),
  )
}
