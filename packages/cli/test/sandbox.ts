import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder of its own for a test, and an environment in which nothing of the machine's user is seen. */
export interface Sandbox {
  readonly folder: string
  readonly environment: Readonly<Record<string, string>>
  readonly path: (...names: readonly string[]) => string
  readonly [Symbol.dispose]: () => void
}

export function sandbox(): Sandbox {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'lsync-cli-')))
  const path = (...names: readonly string[]): string => join(folder, ...names)
  return {
    folder,
    path,
    environment: {
      HOME: path('home'),
      LSYNC_CACHE_DIR: path('cache'),
      LSYNC_CONFIG_DIR: path('config'),
      LSYNC_DATA_DIR: path('data'),
    },
    [Symbol.dispose]() {
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
