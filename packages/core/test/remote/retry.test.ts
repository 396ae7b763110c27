import { describe, expect, test } from 'vitest'
import { memoryStore, StorageError } from '../../src/provider/index.ts'
import { Slots } from '../../src/remote/limiter.ts'
import { withPolicies } from '../../src/remote/policies.ts'
import { DEFAULT_RETRY, reaching } from '../../src/remote/retry.ts'

const { signal } = new AbortController()
const NOON = Date.UTC(2026, 0, 1, 12)
const HOUR = 3_600_000

/** What comes of asking a store that always asks to wait for so long, on a clock that the pauses alone move. */
async function asked(retryAfter: number): Promise<{
  readonly pauses: readonly number[]
  readonly error: StorageError
}> {
  const pauses: number[] = []
  let now = NOON
  const provider = withPolicies(
    {
      ...memoryStore().open(),
      head: () =>
        Promise.reject(
          new StorageError('throttled', 'x: maintenance', { key: 'x', detail: '503', retryAfter }),
        ),
    },
    {
      retry: DEFAULT_RETRY,
      slots: new Slots(1),
      world: {
        now: () => now,
        sleep: async (milliseconds) => {
          pauses.push(milliseconds)
          now += milliseconds
        },
        token: () => 'ffff',
      },
    },
  )
  const error = await provider.head('x', { signal }).then(
    () => undefined,
    (reason: unknown) => reason as StorageError,
  )
  return { pauses, error: error! }
}

describe('a store that asks to wait', () => {
  test('gets the pause that it asks for', async () => {
    const { pauses, error } = await asked(30_000)
    expect(pauses).toEqual([30_000, 30_000, 30_000, 30_000, 30_000])
    expect(error.message).toBe('x: maintenance')
  })

  test('for hours gets a minute, and the error tells when it wants to be asked again', async () => {
    const { pauses, error } = await asked(HOUR)
    expect(pauses).toEqual([60_000, 60_000, 60_000, 60_000, 60_000])
    expect(error).toMatchObject({
      code: 'throttled',
      message: 'x: maintenance; it wants to be asked again at 2026-01-01 13:05 UTC',
      key: 'x',
      detail: '503',
      retryAfter: HOUR,
    })
  })

  test('for longer than there are dates does no harm', async () => {
    const { pauses, error } = await asked(1e30)
    expect(Math.max(...pauses)).toBe(60_000)
    expect(error.message).toBe('x: maintenance')
  })
})

describe('the first contact', () => {
  /** Attempts that are made, where each takes so many milliseconds. */
  async function attempts(code: StorageError['code'], took: number): Promise<number> {
    let now = NOON
    let count = 0
    const world = {
      now: () => now,
      sleep: async (milliseconds: number) => {
        now += milliseconds
      },
      token: () => 'ffff',
    }
    const asking = reaching({ policy: DEFAULT_RETRY, world, signal }, () => {
      count++
      now += took
      return Promise.reject(new StorageError(code, 'no'))
    })
    await expect(asking).rejects.toMatchObject({ code })
    return count
  }

  test('with a store that is silent for a minute is given up, once that has failed', async () => {
    expect(await attempts('network', 60_000)).toBe(1)
  })

  test('with a host that takes no connection is tried for a minute', async () => {
    expect(await attempts('network', 10_000)).toBe(6)
    expect(await attempts('network', 20_000)).toBe(3)
  })

  test('with a store that answers has its time', async () => {
    expect(await attempts('server', 60_000)).toBe(6)
    expect(await attempts('throttled', 60_000)).toBe(6)
  })
})
