import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { atExit } from './at-exit.ts'

const run = promisify(execFile)

/** A server that is built from its Go module, at one version for everybody. */
export interface Build {
  readonly name: string
  readonly module: string
  readonly version: string
}

export const MINIO: Build = {
  name: 'minio',
  module: 'github.com/minio/minio',
  version: 'v0.0.0-20260212201848-7aac2a2c5b7c',
}

export const VERSITYGW: Build = {
  name: 'versitygw',
  module: 'github.com/versity/versitygw/cmd/versitygw',
  version: 'v1.8.0',
}

export const FAKE_GCS: Build = {
  name: 'fake-gcs-server',
  module: 'github.com/fsouza/fake-gcs-server',
  version: 'v1.56.1',
}

/** A server cannot be had here; the message says why, in one sentence. */
export class ServerMissing extends Error {
  override readonly name = 'ServerMissing'
}

function cacheFolder(): string {
  const cache = process.env['XDG_CACHE_HOME']
  return join(
    cache === undefined || cache === '' ? join(homedir(), '.cache') : cache,
    'lsync-servers',
  )
}

/** The program, built if it is not in the cache yet (minutes, once). `ServerMissing` without Go. */
export async function ensureBuilt(build: Build, say: (line: string) => void): Promise<string> {
  const folder = join(cacheFolder(), `${build.name}-${build.version}`)
  const program = join(folder, basename(build.module))
  if (existsSync(program)) return program
  try {
    await run('go', ['version'])
  } catch {
    throw new ServerMissing(
      `Go is needed to build ${build.name} ${build.version} for the tests on real servers, and there is no go command.`,
    )
  }
  say(`building ${build.name} ${build.version}: this takes some minutes, once`)
  // Built aside, so that a broken build leaves nothing that looks like a whole one.
  const aside = `${folder}.building-${process.pid}`
  mkdirSync(aside, { recursive: true })
  const building = run('go', ['install', `${build.module}@${build.version}`], {
    env: { ...process.env, GOBIN: aside, CGO_ENABLED: '0' },
    maxBuffer: 64 * 1024 * 1024,
  })
  const stay = atExit(() => {
    building.child.kill()
    rmSync(aside, { recursive: true, force: true })
  })
  try {
    await building
    mkdirSync(folder, { recursive: true })
    renameSync(join(aside, basename(build.module)), program)
  } catch (error) {
    throw new ServerMissing(
      `${build.name} could not be built: ${String((error as { stderr?: string }).stderr ?? error)
        .trim()
        .split('\n')
        .at(-1)}`,
    )
  } finally {
    stay()
    rmSync(aside, { recursive: true, force: true })
  }
  return program
}
