import { execFileSync } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startMinio } from '@lsync/servers'
import { measure, type Measured, median } from './measure.ts'

/**
 * `pnpm bench [ROUNDS] [FILES]`: lsync beside rclone (where it is installed) on one MinIO, in turn, several rounds; prints medians and ratios.
 * Times on a shared machine mean little by themselves: the ratios are what counts.
 */
const rounds = Number(process.argv[2] ?? 3)
const many = Number(process.argv[3] ?? 100_000)
const few = 10_000

const LSYNC = [
  process.execPath,
  fileURLToPath(new URL('../../packages/cli/bin/run.js', import.meta.url)),
]
const folder = mkdtempSync(join(tmpdir(), 'lsync-bench-'))
const server = await startMinio((line) => {
  console.error(line)
})
const environment = {
  ...process.env,
  HOME: folder,
  LSYNC_DATA_DIR: join(folder, 'data'),
  AWS_ENDPOINT_URL_S3: server.endpoint,
  AWS_ACCESS_KEY_ID: server.accessKey,
  AWS_SECRET_ACCESS_KEY: server.secretKey,
  AWS_REGION: 'us-east-1',
  RCLONE_CONFIG_M_TYPE: 's3',
  RCLONE_CONFIG_M_PROVIDER: 'Minio',
  RCLONE_CONFIG_M_ENV_AUTH: 'true',
  RCLONE_CONFIG_M_ENDPOINT: server.endpoint,
}
const rclone = found('rclone')

function found(program: string): boolean {
  try {
    execFileSync(program, ['version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

function tree(name: string, files: number): string {
  const root = join(folder, name)
  for (let index = 0; index < files; index++) {
    const at = join(root, `d${Math.floor(index / 100)}`)
    if (index % 100 === 0) mkdirSync(at, { recursive: true })
    writeFileSync(join(at, `f${index}`), randomBytes(1024))
  }
  return root
}

const results = new Map<string, Map<string, Measured[]>>()

async function run(work: string, tool: string, command: readonly string[]): Promise<void> {
  const measured = await measure(command, environment)
  const tools = results.get(work) ?? new Map<string, Measured[]>()
  tools.set(tool, [...(tools.get(tool) ?? []), measured])
  results.set(work, tools)
  console.error(
    `${work}, ${tool}: ${measured.wall.toFixed(1)} s, ${measured.cpu.toFixed(1)} s cpu, ${measured.memory.toFixed(0)} MB`,
  )
}

async function lsync(...args: readonly string[]): Promise<void> {
  await measure([...LSYNC, ...args], environment)
}

function check(at: string, files: number): void {
  const there = readdirSync(at, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && !entry.parentPath.includes('.lsync'),
  ).length
  if (there !== files)
    throw new Error(`${at} holds ${there} files, not ${files}: that tool did not do the work`)
}

try {
  const source = tree('few', few)
  for (let round = 0; round < rounds; round++) {
    const bucket = `few-${randomUUID()}`
    await server.createBucket(bucket)
    const a = join(folder, 'a')
    cpSync(source, a, { recursive: true })
    await lsync('init', `s3://${bucket}/lsync`, a)
    await run('push 10,000 x 1 KB', 'lsync', [...LSYNC, '-C', a, 'push', '-q'])
    if (rclone)
      await run('push 10,000 x 1 KB', 'rclone', [
        'rclone',
        'copy',
        source,
        `M:${bucket}/rclone`,
        '--transfers',
        '32',
        '--checkers',
        '32',
        '-q',
      ])
    const b = join(folder, 'b')
    await lsync('init', `s3://${bucket}/lsync`, b)
    await run('pull the same', 'lsync', [...LSYNC, '-C', b, 'pull', '-q'])
    check(b, few)
    if (rclone) {
      await run('pull the same', 'rclone', [
        'rclone',
        'copy',
        `M:${bucket}/rclone`,
        join(folder, 'c'),
        '--transfers',
        '32',
        '-q',
      ])
      check(join(folder, 'c'), few)
    }
    for (const name of ['a', 'b', 'c']) rmSync(join(folder, name), { recursive: true, force: true })
  }
  const bucket = `many-${randomUUID()}`
  await server.createBucket(bucket)
  const large = tree('many', many)
  const label = many.toLocaleString('en')
  await lsync('init', `s3://${bucket}`, large)
  await run(`first push of ${label}`, 'lsync', [...LSYNC, '-C', large, 'push', '-q'])
  for (let round = 0; round < rounds; round++) {
    await run(`no-op, ${label} files`, 'lsync', [...LSYNC, '-C', large, 'sync', '-q'])
    if (rclone)
      await run(`no-op, ${label} files`, 'rclone', [
        'rclone',
        'sync',
        large,
        `M:${bucket}`,
        '--size-only',
        '--fast-list',
        '--exclude',
        '.lsync/**',
        '-q',
      ])
    appendFileSync(join(large, 'd0/f0'), 'x')
    await run(`one change among ${label}`, 'lsync', [...LSYNC, '-C', large, 'sync', '-q'])
  }
} finally {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
}

console.log(
  '| work | tool | wall s | CPU s | peak MB | wall, lsync / tool |\n|---|---|---|---|---|---|',
)
for (const [work, tools] of results) {
  const own = median((tools.get('lsync') ?? []).map(({ wall }) => wall))
  for (const [tool, all] of tools) {
    const of = (field: keyof Measured): number => median(all.map((one) => one[field]))
    const ratio = tool === 'lsync' ? '' : (own / of('wall')).toFixed(2)
    console.log(
      `| ${work} | ${tool} | ${of('wall').toFixed(2)} | ${of('cpu').toFixed(2)} | ${of('memory').toFixed(0)} | ${ratio} |`,
    )
  }
}
