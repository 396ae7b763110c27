import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ended, type Ended, repository, start } from './child.ts'
import { type Sandbox, sandbox } from './sandbox.ts'

let box: Sandbox
beforeEach(() => {
  box = sandbox()
})
afterEach(() => {
  box[Symbol.dispose]()
})

function lsync(...argv: readonly string[]): Promise<Ended> {
  return ended(start(box, argv))
}

/** Until an lsync holds the lock of `a`: from then on it is at work, and its handlers of signals are in place. */
async function atWork(): Promise<void> {
  while (!existsSync(box.path('a', '.lsync', 'lock'))) await pause(20)
  await pause(200)
}

test('Ctrl-C stops quickly with 130, leaves no lock, and the next run goes on', async () => {
  // It would take a minute and a half.
  const big = Buffer.alloc(40_000_000, 'x')
  await repository(box, { big, small: 's' })
  const child = start(box, ['-C', 'a', 'sync', '--bandwidth', '400k', '--json'])
  const end = ended(child)
  await atWork()
  const asked = performance.now()
  child.kill('SIGINT')
  const { exit, stdout, stderr } = await end
  expect(exit).toBe(130)
  expect(performance.now() - asked).toBeLessThan(30_000)
  expect(stderr).toMatch(/^lsync: Interrupted/)
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'interrupted' }, exitCode: 130 })
  expect(existsSync(box.path('remote', 'big'))).toBe(false)
  expect(existsSync(box.path('a', '.lsync', 'lock'))).toBe(false)
  expect(await lsync('-C', 'a', 'sync')).toMatchObject({ exit: 0, stderr: '' })
  expect(readFileSync(box.path('remote', 'big')).equals(big)).toBe(true)
})

test('a terminal that is closed ends a run as Ctrl-C does, however often it tells', async () => {
  await repository(box, { big: Buffer.alloc(40_000_000, 'x') })
  const child = start(box, ['-C', 'a', 'sync', '--bandwidth', '400k', '--json'])
  const end = ended(child)
  await atWork()
  child.kill('SIGHUP')
  child.kill('SIGHUP')
  const { exit, stdout } = await end
  expect(exit).toBe(130)
  expect(JSON.parse(stdout)).toMatchObject({ command: 'sync', exitCode: 130 })
  expect(existsSync(box.path('a', '.lsync', 'lock'))).toBe(false)
})

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'])(
  'what is interrupted while it is being loaded ends with 130 and a document (%s)',
  async (signal) => {
    // As early as lsync's own code can listen: when oclif begins to load.
    const preload = `import { registerHooks } from 'node:module'
      let told = false
      registerHooks({ load(url, context, next) {
        if (!told && url.includes('/@oclif/core/')) {
          told = true
          process.kill(process.pid, '${signal}')
        }
        return next(url, context)
      } })`
    writeFileSync(box.path('preload.mjs'), preload)
    for (const [command, ...argv] of [
      ['config list', '-C', '.', 'config', 'list', '--json'],
      ['sync', 'sync', 'a', '--json'],
    ]) {
      const { exit, stdout, stderr } = await ended(
        start(box, argv, { node: ['--import', box.path('preload.mjs')] }),
      )
      expect({ exit, stderr }).toEqual({ exit: 130, stderr: expect.stringMatching(/^lsync: Int/) })
      expect(JSON.parse(stdout)).toMatchObject({
        command,
        error: { code: 'interrupted' },
        exitCode: 130,
      })
    }
  },
)

test('while one lsync is at work another one says so: 7', async () => {
  await repository(box, { big: Buffer.alloc(40_000_000, 'x') })
  const child = start(box, ['-C', 'a', 'sync', '--bandwidth', '400k'])
  const end = ended(child)
  await atWork()
  const second = await lsync('-C', 'a', 'sync')
  child.kill('SIGTERM')
  expect(second).toMatchObject({ exit: 7, stdout: '' })
  expect(second.stderr).toContain(`process ${child.pid} on `)
  expect((await end).exit).toBe(130)
})
