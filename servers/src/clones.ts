import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  initRepository,
  type Machine,
  nodeMachine,
  nodeWorld,
  openRepository,
  type RunReport,
  syncRepository,
} from '@lsync/core'
import type { ProviderModule } from '@lsync/core/provider'

const { signal } = new AbortController()
const onEvent = (): void => undefined

/** Folders that core syncs with a remote, in this process, for tests of a provider on a server that fails on command. Disposed, they are gone. */
export class Clones implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'lsync-clones-'))
  readonly #provider: ProviderModule
  readonly #environment: Readonly<Record<string, string>>

  /** @param environment by which the provider finds the server */
  constructor(provider: ProviderModule, environment: Readonly<Record<string, string>>) {
    this.#provider = provider
    this.#environment = environment
  }

  path(...names: readonly string[]): string {
    return join(this.#folder, ...names)
  }

  /** Makes a folder, and a repository of it. */
  async init(name: string, remote: string): Promise<void> {
    const folder = this.path(name)
    mkdirSync(folder)
    await initRepository(this.#machine(), { folder, remote, settings: {}, signal, onEvent })
  }

  /** What an `init` found out about the store, without when that was and how the clocks stood. */
  findings(name: string): string {
    const report = readFileSync(this.path(name, '.lsync', 'remote.yaml'), 'utf8')
    return report.replaceAll(/^.*(?:date|remote|clockSkew):.*$/gm, '')
  }

  async sync(name: string): Promise<RunReport> {
    const machine = this.#machine()
    const repository = await openRepository(machine, this.path(name))
    return syncRepository(machine, repository, {
      mode: 'sync',
      paths: [],
      dryRun: false,
      allow: [],
      signal,
      onEvent,
    })
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #machine(): Machine {
    const provider = this.#provider
    const world = nodeWorld()
    return {
      ...nodeMachine({
        environment: this.#environment,
        author: 'tester',
        providers: { schemes: [provider.scheme], get: async () => provider },
      }),
      // How long it waits between its attempts is not what is tested.
      world: { ...world, sleep: (_, stop) => world.sleep(1, stop) },
    }
  }
}
