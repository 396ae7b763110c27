import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Initialized, Machine } from '@lsync/core'
import { Args, Flags } from '@oclif/core'
import { LsyncCommand } from './base-command.ts'
import { EXIT } from './messages/table.ts'
import { escapeName } from './render/escape.ts'

/** init and clone: both make a folder a repository. */
export abstract class InitCommand extends LsyncCommand {
  static override args = {
    remote: Args.string({
      required: true,
      description: 's3://bucket/prefix, file:///folder, …; a bare word is an S3 bucket',
    }),
    path: Args.string({ default: '.', description: 'the folder; made if it is not there' }),
  }

  static settingFlags = {
    profile: Flags.string({ description: 'credentials profile' }),
    region: Flags.string({ description: 'region of the bucket' }),
    endpoint: Flags.string({ description: 'address of an S3-compatible server' }),
    set: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      description: 'any other setting of the provider',
      helpValue: 'KEY=VALUE',
    }),
  }

  protected async initialize(
    machine: Machine,
    args: { readonly remote: string; readonly path: string },
    flags: {
      readonly profile?: string | undefined
      readonly region?: string | undefined
      readonly endpoint?: string | undefined
      readonly set?: string[] | undefined
    },
  ): Promise<Initialized> {
    const { initRepository } = await import('@lsync/core')
    const settings: Record<string, string> = {}
    for (const key of ['profile', 'region', 'endpoint'] as const) {
      const value = flags[key]
      if (value !== undefined) settings[key] = value
    }
    for (const pair of flags.set ?? []) {
      const equals = pair.indexOf('=')
      if (equals < 1) this.error(`--set takes KEY=VALUE, not ${pair}`, { exit: EXIT.usage })
      settings[pair.slice(0, equals)] = pair.slice(equals + 1)
    }
    const { mkdirSync } = await import('node:fs')
    const folder = resolve(this.folder, args.path)
    const remote = this.remoteOf(args.remote)
    mkdirSync(folder, { recursive: true })
    return initRepository(machine, {
      folder,
      remote,
      settings,
      signal: this.abort.signal,
      onEvent: (event) => {
        if (event.type === 'notice') process.stderr.write(`note: ${escapeName(event.message)}\n`)
      },
    })
  }

  /** A bare word means a bucket, unless a folder of that name is here; a path means a folder. */
  private remoteOf(remote: string): string {
    if (/^[a-z][a-z0-9+.-]*:/.test(remote))
      return remote.startsWith('file:') ? this.absolute(remote) : remote
    if (remote.startsWith('/') || remote.startsWith('./') || remote.startsWith('../'))
      return `file://${resolve(this.folder, remote)}`
    if (existsSync(resolve(this.folder, remote)))
      this.error(
        `${remote} may be a bucket or the folder of that name here: write s3://${remote} or file:./${remote}`,
        { exit: EXIT.usage },
      )
    return `s3://${remote}`
  }

  private absolute(remote: string): string {
    const path = remote.replace(/^file:(\/\/)?/, '')
    return path === '' ? remote : `file://${resolve(this.folder, path)}`
  }

  protected describeInit({ root, remote, report, id }: Initialized): readonly string[] {
    return [
      `${escapeName(root)} now syncs with ${escapeName(remote)}.`,
      ...(report?.findings ?? []).map(
        ({ ok, message }) => `  ${ok ? 'ok ' : '!! '} ${escapeName(message)}`,
      ),
      ...(id === undefined ? ['  !!  The remote could not be written to: use lsync pull.'] : []),
    ]
  }
}
