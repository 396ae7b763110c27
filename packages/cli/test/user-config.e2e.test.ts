import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const bin = fileURLToPath(new URL('../bin/run.js', import.meta.url))

test("the user's configuration holds for every repository, the environment over it", () => {
  const folder = mkdtempSync(join(tmpdir(), 'lsync-user-'))
  try {
    mkdirSync(join(folder, 'config', 'lsync'), { recursive: true })
    writeFileSync(
      join(folder, 'config', 'lsync', 'config.yaml'),
      'author: from the file\nignore: ["*.log"]\n',
    )
    const run = (environment: Record<string, string>, ...args: string[]) =>
      spawnSync(process.execPath, [bin, ...args], {
        cwd: folder,
        encoding: 'utf8',
        env: {
          ...process.env,
          HOME: folder,
          XDG_CONFIG_HOME: join(folder, 'config'),
          LSYNC_DATA_DIR: join(folder, 'data'),
          ...environment,
        },
      })
    expect(run({}, 'init', 'file:./remote', 'a').status).toBe(0)
    writeFileSync(join(folder, 'a', 'one'), '1')
    writeFileSync(join(folder, 'a', 'noise.log'), '1')
    expect(run({}, '-C', 'a', 'sync').status).toBe(0)
    writeFileSync(join(folder, 'a', 'two'), '2')
    expect(run({ LSYNC_AUTHOR: 'from the environment' }, '-C', 'a', 'sync').status).toBe(0)
    const listed = run({}, '-C', 'a', 'ls').stdout
    expect(listed).toMatch(/from the file .*one/)
    expect(listed).toMatch(/from the environment .*two/)
    expect(listed).not.toContain('noise.log')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
