import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { packageJson, type Versions } from './package-json.ts'

export interface Wanted {
  /** Absolute; made if it is not there, and empty if it is. */
  readonly folder: string
  /** Of the package. */
  readonly name: string
  readonly scheme: string
  /** What the package is built with; default: the versions that this generator was published with. */
  readonly versions?: Versions
}

/** Why nothing was made, in words for a person. */
export class Refused extends Error {
  override readonly name = 'Refused'
}

const TEMPLATE = new URL('../template/', import.meta.url)
/** What lsync brings itself. */
const TAKEN: ReadonlySet<string> = new Set(['file', 's3', 'gs'])

/** Makes the repository of a new provider. */
export function generate({ folder, name, scheme, versions = publishedWith() }: Wanted): void {
  if (!/^[a-z0-9][a-z0-9._-]{0,213}$/.test(name))
    throw new Refused(`${name} cannot be a package's name: take lower-case letters, digits and -`)
  if (!/^[a-z][a-z0-9+.-]*$/.test(scheme))
    throw new Refused(`${scheme} cannot be a scheme: name another one with --scheme`)
  if (TAKEN.has(scheme))
    throw new Refused(`lsync itself brings ${scheme}://: name another scheme with --scheme`)
  mkdirSync(folder, { recursive: true })
  if (readdirSync(folder).length > 0)
    throw new Refused(`there is something in ${folder}: name a new folder`)

  for (const file of readdirSync(TEMPLATE, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue
    const source = join(file.parentPath, file.name)
    const target = join(folder, targetOf(source.slice(TEMPLATE.pathname.length)))
    const text = readFileSync(source, 'utf8')
      .replaceAll('{{name}}', name)
      .replaceAll('{{scheme}}', scheme)
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, text)
  }
  writeFileSync(join(folder, 'package.json'), packageJson(name, scheme, versions))
}

/** npm leaves some dotfiles out of a package: in the template their names begin with `_`. */
function targetOf(path: string): string {
  return path.replaceAll(/(^|\/)_/g, '$1.')
}

function publishedWith(): Versions {
  const own = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  ) as Versions & { readonly dependencies: Versions }
  return own.dependencies
}
