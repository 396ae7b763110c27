import {
  type BigIntStats,
  existsSync,
  mkdtempSync,
  type PathLike,
  rmSync,
  type StatOptions,
  type StatSyncOptions,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ProbeReport } from '@lsync/core/provider'
import { expect, onTestFinished, test, vi } from 'vitest'
import folder from '../src/index.ts'

/** What is wrong with the file system. */
const broken = vi.hoisted(() => ({
  links: false,
  times: false,
  free: undefined as number | undefined,
}))

vi.mock(import('node:fs'), async (original) => {
  const fs = await original()
  /** One inode and one time for all. */
  const alike = <S>(stat: S): S => {
    if (broken.times && typeof (stat as BigIntStats | undefined)?.ino === 'bigint')
      Object.assign(stat as BigIntStats, { ino: 1n, mtimeNs: 1n, ctimeNs: 1n })
    return stat
  }
  return {
    ...fs,
    /** Takes the place of what is there, as some shares do. */
    linkSync(from: PathLike, to: PathLike) {
      if (broken.links) fs.rmSync(to, { force: true })
      fs.linkSync(from, to)
    },
    statfsSync: ((path: PathLike) => {
      const stat = fs.statfsSync(path)
      const { free } = broken
      if (free !== undefined) Object.assign(stat, { bsize: 4096, bavail: free / 4096 })
      return stat
    }) as typeof fs.statfsSync,
    lstatSync: ((path: PathLike, options?: StatSyncOptions) =>
      alike(fs.lstatSync(path, options))) as typeof fs.lstatSync,
    fstatSync: ((descriptor: number, options?: StatOptions) =>
      alike(fs.fstatSync(descriptor, options))) as typeof fs.fstatSync,
  }
})

const { signal } = new AbortController()

async function open(root: string, known?: ProbeReport) {
  return folder.open(`file://${root}`, {
    signal,
    settings: {},
    environment: {},
    concurrency: 1,
    ...(known === undefined ? {} : { known }),
  })
}

test.each([
  { wrong: {}, create: 'atomic', replace: 'atomic', remove: 'atomic' },
  { wrong: { links: true }, create: 'checked', replace: 'atomic', remove: 'atomic' },
  { wrong: { times: true }, create: 'atomic', replace: 'checked', remove: 'checked' },
])(
  'a probe finds out what the file system keeps, and whoever opens it again is told: %o',
  async ({ wrong, ...kept }) => {
    const root = mkdtempSync(join(tmpdir(), 'lsync-probe-'))
    onTestFinished(() => {
      Object.assign(broken, { links: false, times: false, free: undefined })
      rmSync(root, { recursive: true, force: true })
    })
    Object.assign(broken, wrong)
    await using provider = await open(root)
    const report = await provider.probe!({ signal, scratch: 'scratch/' })
    expect(report.guarantees).toEqual({ ...kept, commit: 'none', copy: 'none' })
    expect(report.findings).toContainEqual(
      expect.objectContaining({
        check: 'conditional-writes',
        ok: Object.values(kept).every((guarantee) => guarantee === 'atomic'),
      }),
    )
    expect(existsSync(join(root, 'scratch'))).toBe(false)
    await using again = await open(root, report)
    expect(again.guarantees).toEqual(report.guarantees)
  },
)

const MIB = 1024 * 1024

test.each([
  { free: 300 * 1024, ok: false, words: 'Only 0 MB are free' },
  { free: 99 * MIB, ok: false, words: 'Only 99 MB are free' },
  { free: 5000 * MIB, ok: true, words: '5000 MB are free' },
])('a disk with $free bytes left is told as it is', async ({ free, ok, words }) => {
  const root = mkdtempSync(join(tmpdir(), 'lsync-probe-'))
  onTestFinished(() => {
    Object.assign(broken, { free: undefined })
    rmSync(root, { recursive: true, force: true })
  })
  Object.assign(broken, { free })
  await using provider = await open(root)
  const { findings } = await provider.probe!({ signal, scratch: 'scratch/' })
  expect(findings.find(({ check }) => check === 'free-space')).toMatchObject({
    ok,
    message: expect.stringContaining(words),
  })
})
