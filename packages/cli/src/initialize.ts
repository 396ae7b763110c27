import { existsSync, mkdirSync, realpathSync, rmdirSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Initialized, Machine, OnEvent, ProviderModule } from '@lsync/core'
import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { escapeName } from './render/escape.ts'
import { wrongUsage, wrongValue } from './messages/usage.ts'

/** What init and clone take. */
export const initArguments = {
  remote: Args.string({
    required: true,
    ignoreStdin: true,
    description: 's3://bucket/prefix, file:///folder, …; a bare word is an S3 bucket',
  }),
  path: Args.string({
    default: '.',
    ignoreStdin: true,
    description: 'the folder; made if it is not there',
  }),
}

/** The argument `path`, absolute. */
export function folderNamed(here: string, path: string): string {
  // An unset variable in a script must not make the current folder a repository.
  if (path === '') throw wrongUsage('The name of the folder is empty; . is this one')
  return resolve(here, path)
}

export const settingFlags = {
  profile: Flags.string({ description: 'credentials profile', helpGroup: 'REMOTE' }),
  region: Flags.string({ description: 'region of the bucket', helpGroup: 'REMOTE' }),
  endpoint: Flags.string({
    description: 'address of another server that speaks the same language',
    helpGroup: 'REMOTE',
    helpValue: 'URL',
  }),
  set: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    description: 'any other setting, as lsync config set takes it',
    helpGroup: 'REMOTE',
    helpValue: 'KEY=VALUE',
  }),
}

export interface SettingFlags {
  readonly profile?: string | undefined
  readonly region?: string | undefined
  readonly endpoint?: string | undefined
  readonly set?: readonly string[] | undefined
}

interface InitializeOptions {
  /** Where the command runs; absolute. */
  readonly here: string
  /** Absolute. */
  readonly folder: string
  /** As the person wrote it. */
  readonly remote: string
  readonly flags: SettingFlags
  /** Makes the root of a remote that is a mere folder, if it is not there yet. */
  readonly create: boolean
  /** The identity that the remote must have, where somebody else named it. */
  readonly identity?: string
  readonly signal: AbortSignal
  readonly onEvent: OnEvent
}

/** Makes a folder a repository; leaves no empty folder behind if that fails. */
export async function initialize(
  machine: Machine,
  { here, folder, remote, flags, create, ...options }: InitializeOptions,
): Promise<Initialized> {
  const settings = settingsOf(flags)
  const { CONFIG, initRepository, setInConfig } = await import('@lsync/core')
  const address = await addressOf(remote, here)
  // A setting that the configuration would refuse later is refused now.
  for (const [key, value] of Object.entries(settings)) setInConfig('', CONFIG, key, value)

  const made = await makeFolder(folder)
  try {
    return await initRepository(create ? machine : openingOnly(machine), {
      ...options,
      folder: realpathSync(folder),
      remote: address,
      settings,
    })
  } catch (error) {
    if (made !== undefined) removeEmpty(folder, made)
    throw error
  }
}

/** With all above it; LsyncError `bad-path`. Returns the topmost that was not there. */
async function makeFolder(folder: string): Promise<string | undefined> {
  try {
    return makeWithAbove(folder)
  } catch (error) {
    const { diskError, LsyncError } = await import('@lsync/core')
    const reason = `no folder can be made there: ${diskError(folder, error).message}`
    throw new LsyncError('bad-path', reason, { path: folder, reason }, error)
  }
}

/** Not by `recursive`: where a file system answers ENOENT to a name that it cannot keep (exFAT by FUSE), that never ends. */
function makeWithAbove(folder: string): string | undefined {
  try {
    mkdirSync(folder)
    return folder
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // Of a link that leads nowhere, the look says so.
    const stat = statSync(folder, { throwIfNoEntry: code === 'EEXIST' })
    if (stat?.isDirectory() === true) return undefined
    const above = dirname(folder)
    if (code !== 'ENOENT' || existsSync(above)) throw error
    const made = makeWithAbove(above)
    try {
      return makeWithAbove(folder) === undefined ? made : (made ?? folder)
    } catch (failed) {
      if (made !== undefined) removeEmpty(above, made)
      throw failed
    }
  }
}

/** To init may make a remote's root; to clone what is not there is a slip of the pen. */
function openingOnly(machine: Machine): Machine {
  const { providers } = machine
  return {
    ...machine,
    providers: {
      schemes: providers.schemes,
      async get(scheme) {
        const module = await providers.get(scheme)
        const open: ProviderModule['open'] = (url, options) =>
          module.open(url, { ...options, create: false })
        return { ...module, open }
      },
    },
  }
}

/** What makes a repository this one. */
const FOUND_OUT = new Set(['format', 'remote', 'repository'])

function settingsOf(flags: SettingFlags): Readonly<Record<string, string>> {
  const settings: Record<string, string> = {}
  for (const key of ['profile', 'region', 'endpoint'] as const) {
    const value = flags[key]
    if (value !== undefined) settings[key] = value
  }
  for (const pair of flags.set ?? []) {
    const equals = pair.indexOf('=')
    if (equals < 1) throw wrongValue('set', 'KEY=VALUE', pair)
    const key = pair.slice(0, equals)
    if (FOUND_OUT.has(key)) throw wrongUsage(`${key} is not for --set: this command finds it out`)
    settings[key] = pair.slice(equals + 1)
  }
  return settings
}

/** As a person wrote it in the folder `here`, with its scheme; LsyncError `ambiguous-remote`. */
export async function addressOf(remote: string, here: string): Promise<string> {
  // As of a variable of the shell that is not set.
  if (remote.trim() === '') throw wrongUsage('The remote is empty')
  const address = remoteAddress(remote, here, (name) => existsSync(name))
  if (address !== undefined) return address
  const { LsyncError } = await import('@lsync/core')
  throw new LsyncError('ambiguous-remote', 'a bucket or a folder', { remote })
}

/**
 * The remote with its scheme. A path means a folder; a bare word means a bucket, unless something of that name is here:
 * then undefined, since either guess may be the wrong one.
 */
export function remoteAddress(
  remote: string,
  folder: string,
  exists: (path: string) => boolean,
): string | undefined {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(remote)?.[1]
  if (scheme?.toLowerCase() === 'file') {
    const path = remote.slice('file:'.length)
    return path.startsWith('//') || path === '' ? `file:${path}` : `file://${resolve(folder, path)}`
  }
  if (scheme !== undefined) return `${scheme.toLowerCase()}${remote.slice(scheme.length)}`
  if (/^(?:\/|\.\.?(?:\/|$))/.test(remote)) return `file://${resolve(folder, remote)}`
  return exists(resolve(folder, remote)) ? undefined : `s3://${remote}`
}

function removeEmpty(folder: string, top: string): void {
  try {
    for (let at = folder; ; at = dirname(at)) {
      rmdirSync(at)
      if (at === top) return
    }
  } catch {
    // Something is in it: it stays.
  }
}

/** What the remote can and cannot guarantee, in plain words. */
export function initLines({ root, remote, report, id, within }: Initialized): readonly string[] {
  return [
    `${escapeName(root)} now syncs with ${escapeName(remote)}`,
    ...(within === undefined
      ? []
      : [
          `  ok  It lies in the repository ${escapeName(within)}, which from now on only notes that it is there, and leaves what is in it alone.`,
        ]),
    ...findingLines(report?.findings ?? []),
    ...(id === undefined ? ['  !!  The remote could not be written to: use lsync pull.'] : []),
  ]
}

export function findingLines(
  findings: readonly { readonly ok: boolean; readonly message: string }[],
): readonly string[] {
  return findings.map(({ ok, message }) => `  ${ok ? 'ok' : '!!'}  ${escapeName(message)}`)
}

export function initFacts({ root, remote, id, report, within }: Initialized) {
  return {
    root,
    remote,
    within: within ?? null,
    repository: id ?? null,
    findings: report?.findings ?? [],
  }
}
