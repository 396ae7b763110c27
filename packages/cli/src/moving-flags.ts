import { resolve } from 'node:path'
import { type ConflictPolicy, type GuardName, type MaxDelete, parseMaxDelete } from '@lsync/core'
import * as Flags from '@oclif/core/flags'
import { parseRate } from './render/format.ts'
import { LogFile } from './render/log-file.ts'
import { wrongValue } from './messages/usage.ts'

const POLICIES = ['manual', 'keep-both', 'newest', 'local', 'remote'] as const
const GUARD_NAMES = ['mass-delete', 'emptied', 'mass-change', 'unrelated', 'other-remote'] as const

/** The flags of every command that moves files. */
export const movingFlags = {
  'dry-run': Flags.boolean({
    default: false,
    char: 'n',
    description: 'only say what would be done',
  }),
  jobs: Flags.integer({
    char: 'j',
    min: 1,
    max: 1024,
    description: 'requests in flight',
    helpValue: 'N',
  }),
  'max-delete': Flags.string({
    description: 'halt if more files would be removed on a side (default 50%)',
    helpValue: 'N|N%',
  }),
  allow: Flags.option({
    multiple: true,
    multipleNonGreedy: true,
    options: GUARD_NAMES,
    description: `pass a safety guard by its name: ${GUARD_NAMES.join(', ')}`,
    helpValue: 'GUARD',
  })(),
  conflict: Flags.option({
    options: POLICIES,
    description: `how to settle conflicts: ${POLICIES.join(', ')} (manual leaves both sides as they are)`,
    helpValue: 'POLICY',
  })(),
  quiet: Flags.boolean({
    default: false,
    char: 'q',
    description: 'only conflicts, problems and errors',
    exclusive: ['verbose'],
  }),
  verbose: Flags.boolean({
    default: false,
    char: 'v',
    description: 'a line for every file, with details',
  }),
  progress: Flags.boolean({
    default: true,
    allowNo: true,
    description: 'say how far a long run is',
  }),
  bandwidth: Flags.string({
    description: 'at most so many bytes a second: 10M, or up:1M,down:5M',
    helpValue: 'RATE',
  }),
  wait: Flags.integer({
    min: 0,
    default: 0,
    description: 'wait so long for another lsync in this repository',
    helpValue: 'SECONDS',
  }),
  recursive: Flags.boolean({
    default: false,
    description: 'go on into the repositories within this one',
  }),
  'log-file': Flags.string({
    description: 'append what happens to this file',
    helpValue: 'FILE',
  }),
}

export interface MovingFlags {
  readonly 'dry-run': boolean
  readonly jobs?: number | undefined
  readonly 'max-delete'?: string | undefined
  readonly allow?: readonly GuardName[] | undefined
  readonly conflict?: ConflictPolicy | undefined
  readonly quiet: boolean
  readonly verbose: boolean
  readonly progress: boolean
  readonly bandwidth?: string | undefined
  readonly wait: number
  readonly recursive: boolean
  readonly 'log-file'?: string | undefined
}

/** The flags as core takes them. What oclif cannot check is checked here, before anything is opened. */
export function runSettings(flags: MovingFlags, folder: string) {
  return {
    options: {
      dryRun: flags['dry-run'],
      allow: flags.allow ?? [],
      wait: flags.wait,
      recursive: flags.recursive,
      ...(flags.jobs === undefined ? {} : { jobs: flags.jobs }),
      ...(flags.conflict === undefined ? {} : { conflict: flags.conflict }),
      ...(flags['max-delete'] === undefined ? {} : { maxDelete: maxDelete(flags['max-delete']) }),
      ...(flags.bandwidth === undefined ? {} : { bandwidth: bandwidth(flags.bandwidth) }),
    },
    render: {
      quiet: flags.quiet,
      verbose: flags.verbose,
      progress: flags.progress,
      dryRun: flags['dry-run'],
    },
    log:
      flags['log-file'] === undefined ? undefined : new LogFile(resolve(folder, flags['log-file'])),
  }
}

export type RunSettings = ReturnType<typeof runSettings>

function maxDelete(text: string): MaxDelete {
  const most = parseMaxDelete(text)
  if (most === undefined) throw wrongValue('max-delete', 'a number or a percentage like 50%', text)
  return most
}

function bandwidth(text: string): { readonly up?: number; readonly down?: number } {
  const rates = parseRate(text)
  if (rates === undefined) throw wrongValue('bandwidth', 'a rate like 10M or up:1M,down:5M', text)
  return rates
}
