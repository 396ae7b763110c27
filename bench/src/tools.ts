import { existsSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Environment, run } from './measure.ts'
import type { Store } from './store.ts'

/** A prefix in a bucket. */
export interface Place {
  readonly bucket: string
  readonly prefix: string
}

export type Command = readonly string[]

/** A program that can do some of the works, with the flags that its documentation recommends for them. */
export interface Tool {
  readonly name: string
  readonly version: string
  /** What must be there before a folder and a place can be compared; not measured. */
  readonly prepare?: (folder: string, place: Place) => Command
  readonly push?: (folder: string, place: Place) => Command
  readonly pull?: (folder: string, place: Place) => Command
  /** Brings a place up to date with a folder. */
  readonly update?: (folder: string, place: Place) => Command
  /** The same, noticing renames. */
  readonly rename?: (folder: string, place: Place) => Command
  /** Brings both up to date with each other. */
  readonly both?: (folder: string, place: Place) => Command
  /** The first time that folder and place, which hold the same, meet. */
  readonly adopt?: (folder: string, place: Place) => Command
}

const LSYNC = fileURLToPath(new URL('../../packages/cli/bin/run.js', import.meta.url))

/** Where programs are looked for besides the path: installed for the bench alone. */
const CACHE = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'lsync-bench')
const PLACES = [
  join(CACHE, 'bin'),
  join(CACHE, 'venv', 'bin'),
  ...(process.env['PATH'] ?? '').split(delimiter),
]

function find(program: string): string | undefined {
  return PLACES.map((place) => join(place, program)).find((path) => existsSync(path))
}

/** What the programs must know to reach the store. */
export function environmentFor(home: string, { endpoint, server }: Store): Environment {
  const { accessKey, secretKey } = server
  const config = join(home, 'aws-config')
  writeFileSync(
    config,
    '[default]\nregion = us-east-1\ns3 =\n  max_concurrent_requests = 32\n  addressing_style = path\n',
  )
  return {
    // First the Node.js that this runs on: the command's first line asks for it.
    PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
    HOME: home,
    LSYNC_DATA_DIR: join(home, 'data'),
    AWS_CONFIG_FILE: config,
    AWS_ENDPOINT_URL: endpoint,
    AWS_ENDPOINT_URL_S3: endpoint,
    S3_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: accessKey,
    AWS_SECRET_ACCESS_KEY: secretKey,
    AWS_REGION: 'us-east-1',
    RCLONE_CONFIG_M_TYPE: 's3',
    RCLONE_CONFIG_M_PROVIDER: 'Minio',
    RCLONE_CONFIG_M_ENV_AUTH: 'true',
    RCLONE_CONFIG_M_ENDPOINT: endpoint,
    MC_HOST_m: endpoint.replace('//', `//${accessKey}:${secretKey}@`),
  }
}

/** The tools of this machine, lsync first; says which ones are not here. */
export async function findTools(wanted: readonly string[]): Promise<readonly Tool[]> {
  const environment: Environment = {
    PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
    HOME: homedir(),
  }
  const tools: Tool[] = []
  for (const [name, program, ask, make] of KNOWN) {
    if (wanted.length > 0 && !wanted.includes(name) && name !== 'lsync') {
      console.error(`${name}: left out, as asked`)
      continue
    }
    const path = name === 'lsync' ? LSYNC : find(program)
    if (path === undefined) {
      console.error(`${name}: NOT HERE, so nothing is said of it`)
      continue
    }
    const version = (await run([path, ...ask], environment)).trim().split('\n')[0] ?? ''
    console.error(`${name}: ${version}`)
    tools.push({ ...make(path), name, version })
  }
  return tools
}

type Known = readonly [
  name: string,
  program: string,
  version: Command,
  make: (path: string) => Omit<Tool, 'name' | 'version'>,
]

const KNOWN: readonly Known[] = [
  ['lsync', 'lsync', ['--version'], lsync],
  ['rclone', 'rclone', ['version'], rclone],
  ['bisync', 'rclone', ['version'], bisync],
  ['s5cmd', 's5cmd', ['version'], s5cmd],
  ['mc', 'mc', ['--version'], mc],
  ['aws', 'aws', ['--version'], aws],
]

function lsync(path: string): Omit<Tool, 'name' | 'version'> {
  const command =
    (verb: string) =>
    (folder: string): Command => [path, '-C', folder, verb, '-q']
  return {
    prepare: (folder, { bucket, prefix }) => [path, 'init', `s3://${bucket}/${prefix}`, folder],
    push: command('push'),
    pull: command('pull'),
    update: command('sync'),
    rename: command('sync'),
    both: command('sync'),
    adopt: command('sync'),
  }
}

function rclone(path: string): Omit<Tool, 'name' | 'version'> {
  const at = ({ bucket, prefix }: Place): string => `M:${bucket}/${prefix}`
  const flags = ['-q', '--transfers', '64', '--checkers', '64', '--s3-no-check-bucket']
  const compared = [...flags, '--fast-list', '--exclude', '.lsync/**']
  return {
    push: (folder, place) => [path, 'copy', folder, at(place), ...flags, '--s3-no-head'],
    pull: (folder, place) => [path, 'copy', at(place), folder, ...flags],
    update: (folder, place) => [path, 'sync', folder, at(place), ...compared, '--size-only'],
    // By size and digest, since a rename cannot be told by its size alone.
    rename: (folder, place) => [
      path,
      'sync',
      folder,
      at(place),
      ...compared,
      '--checksum',
      '--track-renames',
    ],
  }
}

function bisync(path: string): Omit<Tool, 'name' | 'version'> {
  const command =
    (...more: readonly string[]) =>
    (folder: string, { bucket, prefix }: Place): Command => [
      path,
      'bisync',
      folder,
      `M:${bucket}/${prefix}`,
      '-q',
      '--size-only',
      '--fast-list',
      '--checkers',
      '64',
      '--transfers',
      '64',
      '--exclude',
      '.lsync/**',
      ...more,
    ]
  return { prepare: command('--resync'), both: command(), adopt: command('--resync') }
}

function s5cmd(path: string): Omit<Tool, 'name' | 'version'> {
  const at = ({ bucket, prefix }: Place): string => `s3://${bucket}/${prefix}/`
  const start = [path, '--numworkers', '64', '--log', 'error']
  return {
    push: (folder, place) => [...start, 'cp', `${folder}/`, at(place)],
    pull: (folder, place) => [...start, 'cp', `${at(place)}*`, `${folder}/`],
    update: (folder, place) => [
      ...start,
      'sync',
      '--size-only',
      '--exclude',
      '*.lsync/*',
      `${folder}/`,
      at(place),
    ],
  }
}

function mc(path: string): Omit<Tool, 'name' | 'version'> {
  const at = ({ bucket, prefix }: Place): string => `m/${bucket}/${prefix}`
  const mirror = [path, 'mirror', '--quiet', '--exclude', '.lsync/*']
  return {
    push: (folder, place) => [...mirror, folder, at(place)],
    pull: (folder, place) => [...mirror, at(place), folder],
    update: (folder, place) => [...mirror, folder, at(place)],
  }
}

function aws(path: string): Omit<Tool, 'name' | 'version'> {
  const at = ({ bucket, prefix }: Place): string => `s3://${bucket}/${prefix}/`
  const flags = ['--only-show-errors', '--exclude', '.lsync/*']
  return {
    push: (folder, place) => [path, 's3', 'cp', '--recursive', folder, at(place), ...flags],
    pull: (folder, place) => [path, 's3', 'cp', '--recursive', at(place), folder, ...flags],
    update: (folder, place) => [path, 's3', 'sync', '--size-only', folder, at(place), ...flags],
  }
}
