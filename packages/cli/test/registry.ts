import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

const require = createRequire(import.meta.url)

export interface Registry {
  readonly url: string
  readonly stop: () => Promise<void>
}

/** Ours come from here alone; everything else from where npm would get it. */
const OWN = ['@lsync/*', 'lsync', 'lsync-*', 'create-lsync-provider']

/** A registry of its own with nothing in it, on a free port, where anybody may publish. It goes with this process at the latest. */
export async function startRegistry(folder: string): Promise<Registry> {
  const upstream = execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).trim()
  const access = (rule: string): string =>
    OWN.map((name) => `  '${name}': { access: $all, ${rule} }`).join('\n')
  writeFileSync(
    `${folder}/config.yaml`,
    `storage: ${folder}/storage
auth: { htpasswd: { file: ${folder}/htpasswd } }
web: { enable: false }
max_body_size: 100mb
uplinks: { npmjs: { url: '${upstream}', maxage: 60m, timeout: 60s } }
packages:
${access('publish: $anonymous')}
  '**': { access: $all, proxy: npmjs }
log: { type: stdout, level: error }
`,
  )
  const url = `http://127.0.0.1:${await freePort()}/`
  const child = spawn(
    process.execPath,
    [
      join(require.resolve('verdaccio'), '../../bin/verdaccio'),
      '--config',
      `${folder}/config.yaml`,
      '--listen',
      new URL(url).host,
    ],
    { stdio: 'ignore', env: { ...process.env, NODE_NO_WARNINGS: '1' } },
  )
  const kill = (): boolean => child.kill('SIGKILL')
  process.once('exit', kill)
  const exited = new Promise<void>((resolve) => {
    child.once('close', () => {
      resolve()
    })
  })
  await listening(url, child)
  return {
    url,
    async stop() {
      process.off('exit', kill)
      kill()
      await exited
    },
  }
}

async function listening(url: string, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    if (child.exitCode !== null) break
    try {
      if ((await fetch(`${url}-/ping`)).ok) return
    } catch {
      // Not yet.
    }
    await pause(100)
  }
  throw new Error('the registry did not start')
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  await new Promise((resolve) => {
    server.close(resolve)
  })
  return typeof address === 'object' && address !== null ? address.port : 0
}
