/** What runs in the thread of `node-hash-aside.ts`; it imports nothing of ours, so that it starts at once. */
import { createHash, type Hash } from 'node:crypto'
import { readSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'

/** To the thread: a file to hash; how far it is whole; that nobody wants its digest any more; that nothing will come any more. */
export type HashOrder =
  | { readonly id: number; readonly descriptor: number; readonly size: number }
  | { readonly id: number; readonly whole: number }
  | { readonly id: number; readonly stop: true }
  | 'end'

/** From the thread: nothing reads from the file any more. Without a digest if it was stopped, cut, or cannot be read. */
export interface HashAnswer {
  readonly id: number
  readonly sha256?: string
}

interface Task {
  readonly descriptor: number
  readonly size: number
  readonly sha256: Hash
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
  if ('descriptor' in order) {
    const { descriptor, size } = order
    tasks.set(id, { descriptor, size, sha256: createHash('sha256'), at: 0, whole: 0 })
    return
  }
  const task = tasks.get(id)
  if (task === undefined) return
  if ('stop' in order) answer({ id })
  else {
    task.whole = order.whole
    if (!working) work()
  }
}

function work(): void {
  working = false
  for (const [id, task] of tasks) {
    const to = Math.min(task.whole, task.at + TURN)
    if (!advance(task, to)) answer({ id })
    else if (task.at === task.size) answer({ id, sha256: task.sha256.digest('hex') })
    else if (task.at < task.whole) working = true
  }
  if (working) setImmediate(work)
}

/** False if the file was cut, or cannot be read. */
function advance(task: Task, to: number): boolean {
  try {
    while (task.at < to) {
      const read = readSync(task.descriptor, buffer, 0, Math.min(STEP, to - task.at), task.at)
      if (read === 0) return false
      task.sha256.update(buffer.subarray(0, read))
      task.at += read
    }
    return true
  } catch {
    return false
  }
}

function answer(result: HashAnswer): void {
  tasks.delete(result.id)
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
  parentPort?.postMessage(result)
}

parentPort?.on('message', obey)
