import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { run } from '../packages/cli/test/run.ts'
import type { Step } from './script.ts'
import { contentsOf, treeOf } from './tree.ts'

/** Who each clone belongs to. */
const AUTHORS: Readonly<Record<string, string>> = { a: 'ann', b: 'bob', c: 'cyd' }
const LONG_AGO = new Date('2000-01-01T00:00:00Z')

/** Three clones of one remote, a folder, in a folder of their own. */
export class Stage implements Disposable {
  readonly folder = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 'lsync-scenario-')))

  /** With clones that were made, and nothing in them; or as another stage was then, which takes no process. */
  static async make(template?: Stage): Promise<Stage> {
    const stage = new Stage()
    if (template !== undefined) {
      fs.cpSync(template.folder, stage.folder, { recursive: true })
      for (const client of Object.keys(AUTHORS)) {
        const file = stage.at(client, '.lsync/config.yaml')
        const text = fs.readFileSync(file, 'utf8')
        fs.writeFileSync(file, text.replace(template.folder, stage.folder))
      }
      return stage
    }
    for (const client of Object.keys(AUTHORS)) {
      const { exit, stderr } = await stage.#run(client, stage.folder, ['init', './remote', client])
      if (exit !== 0) throw new Error(`init: exit ${exit}: ${stderr}`)
    }
    return stage
  }

  at(...names: readonly string[]): string {
    return join(this.folder, ...names)
  }

  /** What a run of lsync said, with its exit code; undefined for what a person or another tool does. */
  async play({ client, folder, verb, words, line }: Step): Promise<unknown> {
    const at = (path: string): string => this.at(client, folder, path)
    const [first = '', second = '', ...others] = words
    switch (verb) {
      case 'lsync':
        return this.#lsync(client, at(''), words)
      case 'write':
        fs.mkdirSync(dirname(at(first)), { recursive: true })
        fs.writeFileSync(at(first), `${[second, ...others].join(' ')}\n`)
        return undefined
      case 'append':
        fs.appendFileSync(at(first), `${[second, ...others].join(' ')}\n`)
        return undefined
      case 'remove':
        for (const path of words) fs.rmSync(at(path), { recursive: true })
        return undefined
      case 'folder':
        fs.mkdirSync(at(first), { recursive: true })
        return undefined
      case 'copy':
        fs.cpSync(at(first), at(second), { recursive: true })
        return undefined
      case 'move':
        fs.mkdirSync(dirname(at(second)), { recursive: true })
        fs.renameSync(at(first), at(second))
        return undefined
      case 'age':
        for (const path of words) fs.utimesSync(at(path), LONG_AGO, LONG_AGO)
        return undefined
      case 'executable':
        fs.chmodSync(at(first), 0o755)
        return undefined
      case 'plain':
        fs.chmodSync(at(first), 0o644)
        return undefined
      case 'link':
        fs.symlinkSync(first, at(second))
        return undefined
      default:
        throw new Error(`nobody knows how to do this: ${line}`)
    }
  }

  async #lsync(client: string, folder: string, words: readonly string[]): Promise<unknown> {
    const end = words.indexOf('--')
    const args = words.toSpliced(end < 0 ? words.length : end, 0, '--json')
    const { exit, stdout, stderr } = await this.#run(client, folder, args)
    try {
      return JSON.parse(stdout)
    } catch {
      throw new Error(`lsync ${words.join(' ')}: exit ${exit}, no document: ${stdout}${stderr}`)
    }
  }

  #run(client: string, folder: string, args: readonly string[]) {
    const environment = {
      HOME: this.at('home'),
      LSYNC_CACHE_DIR: this.at('home/cache'),
      LSYNC_CONFIG_DIR: this.at('home/config'),
      LSYNC_DATA_DIR: this.at('home/data'),
      LSYNC_AUTHOR: AUTHORS[client] ?? '',
    }
    return run({ folder, environment }, ...args)
  }

  /** Every place and what is in it; one that holds the same as the clone `a` only says so. */
  end(): Readonly<Record<string, unknown>> {
    const places: Record<string, unknown> = {}
    const a = treeOf(this.at('a'))
    for (const place of ['a', 'b', 'c', 'remote']) {
      if (!fs.existsSync(this.at(place))) continue
      const tree = treeOf(this.at(place))
      if (place === 'c' && Object.keys(tree).length === 0) continue
      places[place] = place !== 'a' && JSON.stringify(tree) === JSON.stringify(a) ? 'as a' : tree
    }
    for (const client of Object.keys(AUTHORS)) {
      const kept = contentsOf(this.at(client, '.lsync/trash'))
      if (kept.length > 0) places[`trash of ${client}`] = kept
    }
    return places
  }

  [Symbol.dispose](): void {
    fs.rmSync(this.folder, { recursive: true, force: true })
  }
}
