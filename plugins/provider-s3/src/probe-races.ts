import { createHash } from 'node:crypto'
import { type Expect, isStorageError } from '@lsync/core/provider'
import { ABSENT, type ProbeScene, STALE, versionOf } from './probe-scene.ts'
import { conditionHeaders } from './writing.ts'

const RACERS = 8
const ROUNDS = 4

/**
 * A condition that is honoured when nobody else is there proves little: some servers look first and write then. Of several creates at once, and of several
 * replacements, two that are both taken prove that it is none.
 * RACE: a server whose gap is so short that no round falls into it, or that answers none of them, is believed, and of two clients that write one file in that moment one's content is lost there.
 */
export async function oneStep(scene: ProbeScene): Promise<boolean> {
  for (let round = 0; round < ROUNDS; round++) {
    const key = `${scene.scratch}race${round}`
    scene.made(key)
    if ((await winners(scene, key, ABSENT)) > 1) return false
    const there = versionOf((await scene.head(key))?.info.version ?? STALE)
    if ((await winners(scene, key, there)) > 1) return false
  }
  return true
}

/** Who fails, for whatever reason, is none: a lost answer proves nothing. */
async function winners(scene: ProbeScene, key: string, expect: Expect): Promise<number> {
  const racers = Array.from({ length: RACERS }, (_, racer) => racer)
  const ends = await Promise.allSettled(racers.map((racer) => write(scene, key, expect, racer)))
  for (const end of ends)
    if (end.status === 'rejected' && !isStorageError(end.reason)) throw end.reason
  return ends.filter(({ status }) => status === 'fulfilled').length
}

/** Each with content of its own, that was not there before: equal contents may have equal versions. */
async function write(
  { requester, extra, signal }: ProbeScene,
  key: string,
  expect: Expect,
  racer: number,
): Promise<void> {
  const body = Buffer.from(`racer ${racer}, ${JSON.stringify(expect)}`)
  const sha256 = createHash('sha256').update(body).digest()
  await requester.sendOnly({
    method: 'PUT',
    key,
    headers: {
      ...extra,
      ...conditionHeaders(expect),
      'x-amz-checksum-sha256': sha256.toString('base64'),
    },
    body,
    length: body.length,
    sha256: sha256.toString('hex'),
    signal,
  })
}
