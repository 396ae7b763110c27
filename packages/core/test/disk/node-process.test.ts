import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { mountsBelow } from '../../src/disk/mounts.ts'
import { isAlive, processIdentity } from '../../src/disk/node-process.ts'
import { nodeWorld } from '../../src/disk/node-world.ts'

test('this process is alive, and the same number from another time or boot is not', () => {
  const self = processIdentity()
  expect(isAlive(self)).toBe(true)
  expect(isAlive({ ...self, started: `${self.started}1` })).toBe(false)
  expect(isAlive({ ...self, boot: 'another' })).toBe(false)
  expect(isAlive({ ...self, host: 'elsewhere', boot: 'another', started: 'once' })).toBe(true)
})

test('of another machine of our name nothing is known; what a former version wrote names none', () => {
  const self = processIdentity()
  const dead = { ...self, boot: 'another', started: 'once' }
  expect(isAlive({ ...dead, machine: 'another' })).toBe(true)
  const { machine: _machine, ...former } = dead
  expect(isAlive(former)).toBe(false)
  const id = existsSync('/etc/machine-id') ? readFileSync('/etc/machine-id', 'utf8').trim() : ''
  // It is confidential.
  if (id !== '') expect(JSON.stringify(self)).not.toContain(id)
})

test('a process that ended is not alive, nor one that only waits to be buried', async () => {
  const self = processIdentity()
  // The shell becomes a sleeper that never asks after its child.
  const parent = spawn('sh', ['-c', 'true & echo $!; exec sleep 20'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  onTestFinished(() => void parent.kill())
  const said: unknown[] = await once(parent.stdout, 'data')
  await expect
    .poll(() => isAlive({ ...self, pid: Number(String(said[0])), started: '' }))
    .toBe(false)
  parent.kill()
  await once(parent, 'exit')
  expect(isAlive({ ...self, pid: parent.pid ?? 0, started: '' })).toBe(false)
})

function line(point: string): string {
  return `36 35 98:0 /mnt ${point} rw,noatime - ext4 /dev/x rw\n`
}

test('mount points are those below, with their escapes undone', () => {
  const table = ['/', '/home', '/home/a', '/home/a/b\\040c', '/home/a/\\303\\274', '/home/ab']
    .map(line)
    .join('')
  expect(mountsBelow('/home/a', table)).toEqual(new Set(['b c', 'ü']))
  expect(mountsBelow('/', line('/'))).toEqual(new Set())
})

test('a sleep ends early by the reason of its signal', async () => {
  const world = nodeWorld()
  const reason = new Error('enough')
  await expect(world.sleep(60_000, AbortSignal.abort(reason))).rejects.toBe(reason)
  const abort = new AbortController()
  const asleep = world.sleep(60_000, abort.signal)
  abort.abort(reason)
  await expect(asleep).rejects.toBe(reason)
  expect(world.token()).toMatch(/^[0-9a-f]{32}$/)
})
