/** What runs in the thread of `node-hash-aside.ts`; it imports next to nothing, so that it starts at once. */
import { readSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import type { DigestAlgorithm, Digests } from '../provider/index.ts'
import { type Digester, digesterOf } from '../provider/digester.ts'

/**
 * To the thread: digests to compute, of a file or of chunks; how far the file is whole; the next chunk; that there are no more; that nobody wants the
 * digests any longer; that nothing will come any more.
 */
export type HashOrder =
  | {
      readonly id: number
      readonly algorithms: readonly DigestAlgorithm[]
      readonly file?: { readonly descriptor: number; readonly size: number }
    }
  | { readonly id: number; readonly whole: number }
  | { readonly id: number; readonly chunk: Uint8Array }
  | { readonly id: number; readonly end: true }
  | { readonly id: number; readonly stop: true }
  | 'end'

/** From the thread: the chunk has been read; or nothing is read any more, without digests if it was stopped, or the file is cut or cannot be read. */
export type HashAnswer =
  | { readonly id: number; readonly taken: true }
  | { readonly id: number; readonly digests?: Digests }

interface Task {
  readonly digester: Digester
  readonly file: FileTask | undefined
}

interface FileTask {
  readonly descriptor: number
  readonly size: number
  /** The bytes before are hashed. */
  at: number
  whole: number
}

/** Read at once: as much as stays in the processor's own memory until it is hashed. */
const STEP = 512 * 1024
/** Bytes of one file before the others, and what was said meanwhile, have their turn. */
const TURN = 8 * 1024 * 1024

const tasks = new Map<number, Task>()
const buffer = new Uint8Array(STEP)
let working = false

function obey(order: HashOrder): void {
  if (order === 'end') {
    parentPort?.close()
    return
  }
  const { id } = order
  if ('algorithms' in order) {
    const file = order.file && { ...order.file, at: 0, whole: 0 }
    tasks.set(id, { digester: digesterOf(order.algorithms), file })
    return
  }
  const task = tasks.get(id)
  if (task === undefined) return
  if ('stop' in order) end(id)
  else if ('end' in order) end(id, task.digester.digest())
  else if ('chunk' in order) {
    task.digester.update(order.chunk)
    answer({ id, taken: true })
  } else if (task.file !== undefined) {
    task.file.whole = order.whole
    if (!working) work()
  }
}

function work(): void {
  working = false
  for (const [id, { digester, file }] of tasks) {
    if (file === undefined) continue
    const to = Math.min(file.whole, file.at + TURN)
    if (!advance(file, to, digester)) end(id)
    else if (file.at === file.size) end(id, digester.digest())
    else if (file.at < file.whole) working = true
  }
  if (working) setImmediate(work)
}

/** False if the file was cut, or cannot be read. */
function advance(file: FileTask, to: number, digester: Digester): boolean {
  try {
    while (file.at < to) {
      const read = readSync(file.descriptor, buffer, 0, Math.min(STEP, to - file.at), file.at)
      if (read === 0) return false
      digester.update(buffer.subarray(0, read))
      file.at += read
    }
    return true
  } catch {
    return false
  }
}

function end(id: number, digests?: Digests): void {
  tasks.delete(id)
  answer(digests === undefined ? { id } : { id, digests })
}

function answer(result: HashAnswer): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
  parentPort?.postMessage(result)
}

parentPort?.on('message', obey)
