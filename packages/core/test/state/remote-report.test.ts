import fs from 'node:fs'
import { expect, test } from 'vitest'
import type { ProbeReport } from '../../src/provider/index.ts'
import { LSYNC, REMOTE_REPORT } from '../../src/state/layout.ts'
import {
  readFormerIds,
  readRemoteReport,
  writeRemoteReport,
} from '../../src/state/remote-report.ts'
import { temporaryDisk } from '../disk/temporary.ts'

const report: ProbeReport = {
  guarantees: {
    create: 'atomic',
    replace: 'atomic',
    remove: 'leased',
    commit: 'atomic',
    copy: 'none',
  },
  listsFolders: true,
  clockSkew: -120.5,
  findings: [{ check: 'conditional-remove', ok: false, message: 'removals are claimed first: ü' }],
}

test('a report comes back as it was, for its own remote only', async () => {
  const { root, disk } = temporaryDisk()
  fs.mkdirSync(`${root}/${LSYNC}`)
  expect(await readRemoteReport(disk, 's3://bucket')).toBeUndefined()
  await writeRemoteReport(disk, { remote: 's3://bucket', date: Date.UTC(2026, 0, 31), report })
  expect(await readRemoteReport(disk, 's3://bucket')).toEqual(report)
  expect(await readRemoteReport(disk, 's3://other')).toBeUndefined()
  expect(fs.readFileSync(`${root}/${REMOTE_REPORT}`, 'utf8')).toContain('2026-01-31')
})

test('one that cannot be read counts as none, cut at whatever byte', async () => {
  const { root, disk } = temporaryDisk()
  fs.mkdirSync(`${root}/${LSYNC}`)
  await writeRemoteReport(disk, { remote: 's3://bucket', date: 0, report })
  const whole = fs.readFileSync(`${root}/${REMOTE_REPORT}`)
  for (let length = 0; length < whole.length; length += 3) {
    fs.writeFileSync(`${root}/${REMOTE_REPORT}`, whole.subarray(0, length))
    const read = await readRemoteReport(disk, 's3://bucket')
    // Never a guarantee that was not measured.
    expect((read ?? report).guarantees).toEqual(report.guarantees)
  }
  fs.writeFileSync(`${root}/${REMOTE_REPORT}`, whole.toString().replace('format: 1', 'format: 2'))
  expect(await readRemoteReport(disk, 's3://bucket')).toBeUndefined()
})

test('which places a remote was filled from comes back for that one only, with a report and without', async () => {
  const { root, disk } = temporaryDisk()
  fs.mkdirSync(`${root}/${LSYNC}`)
  const seen = { remote: 's3://bucket', date: 0, identity: { id: 'third', was: ['2nd', '1st'] } }
  for (const found of [undefined, report]) {
    await writeRemoteReport(disk, { ...seen, report: found })
    expect(await readRemoteReport(disk, 's3://bucket')).toEqual(found)
    expect(await readFormerIds(disk, 'third')).toEqual(['2nd', '1st'])
    expect(await readFormerIds(disk, 'other')).toEqual([])
  }
})
