import { parseDocument, type Document } from 'yaml'
import { checked, checkValue, CONFIG_FORMAT, refuse, refuseUnknownKey } from './check-config.ts'
import { KEYS, typed } from './config-keys.ts'

/** The text of a new configuration. */
export function newConfig(facts: {
  readonly remote: string
  readonly repository: string | undefined
  /** As texts, by key. */
  readonly settings: Readonly<Record<string, string>>
}): string {
  const document = parseDocument(
    `# What this folder syncs with, and how. Edit it, or use: lsync config set KEY VALUE\nformat: ${CONFIG_FORMAT}\n`,
  )
  document.set('remote', facts.remote)
  if (facts.repository !== undefined) document.set('repository', facts.repository)
  for (const [key, value] of Object.entries(facts.settings)) document.set(key, typed(key, value))
  return print(document)
}

/** All keys that are set, in order, with their values as text. */
export function listConfig(source: string, file: string): readonly (readonly [string, string])[] {
  return [...checked(source, file).values].map(([key, value]) => [key, asText(value)] as const)
}

function asText(value: unknown): string {
  return Array.isArray(value) ? value.join(', ') : String(value)
}

/** Sets a key; comments and order survive. A list takes values separated by commas. LsyncError `bad-configuration` names the file only for what stands there. */
export function setInConfig(source: string, file: string, key: string, value: string): string {
  if (key === 'format') refuse(undefined, 'format is kept by lsync itself')
  // By another one, what was agreed with this remote would hold for that.
  if (key === 'repository')
    refuse(
      undefined,
      'repository is kept by lsync itself. For another remote: lsync config set remote ADDRESS',
    )
  return withKey(source, file, key, value)
}

/** Of a remote that was looked at; undefined where it has none. */
export function setIdentityInConfig(source: string, file: string, id: string | undefined): string {
  if (id !== undefined) return withKey(source, file, 'repository', id)
  const { document } = checked(source, file)
  return document.delete('repository') ? print(document) : source
}

function withKey(source: string, file: string, key: string, value: string): string {
  const { document } = checked(source, file)
  document.set(key, checkValue({}, KEYS, key, typed(key, value)))
  return print(document)
}

function print(document: Document): string {
  // No folding: a line that a person wrote stays a line.
  return document.toString({ lineWidth: 0 })
}

export function unsetInConfig(source: string, file: string, key: string): string {
  const { document } = checked(source, file)
  if (key === 'remote' || key === 'repository' || key === 'format')
    refuse(undefined, `${key} cannot be unset: a repository needs it`)
  if (!document.delete(key)) {
    refuseUnknownKey(key)
    refuse(undefined, `${key} is not set`)
  }
  return print(document)
}
