import fs from 'node:fs'

/**
 * The mount points below a folder, relative to it. A bind mount has the device of its source, so that no lstat tells it apart;
 * only the kernel's table does.
 */
export async function mountPoints(root: string): Promise<ReadonlySet<string>> {
  if (process.platform !== 'linux') return new Set()
  let table: string
  try {
    table = fs.readFileSync('/proc/self/mountinfo', 'latin1')
  } catch {
    return new Set()
  }
  return mountsBelow(fs.realpathSync(root), table)
}

/** `table` is the text of mountinfo(5), decoded byte by byte (latin1). */
export function mountsBelow(root: string, table: string): ReadonlySet<string> {
  const below = root === '/' ? '/' : `${root}/`
  const found = new Set<string>()
  for (const line of table.split('\n')) {
    const escaped = line.split(' ')[4]
    if (escaped === undefined) continue
    const bytes = escaped.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
      String.fromCharCode(Number.parseInt(digits, 8)),
    )
    const point = Buffer.from(bytes, 'latin1').toString()
    if (point.startsWith(below) && point.length > below.length) found.add(point.slice(below.length))
  }
  return found
}
