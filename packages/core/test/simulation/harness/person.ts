import type { Client } from './client.ts'
import type { History } from './history.ts'
import { isExecutable } from './inode.ts'
import type { Random } from './random.ts'

/** Few paths, so that people get in each other's way: files beside folders of the same name, and nests. */
const FILES = ['a', 'b', 'y', 'z', 'a/x', 'b/y', 'd/e', 'd/e/f', 'd/e/g', 'd/h']
/** Those of them that no folder can get in the way of. */
const PLAIN = ['a', 'b', 'y', 'z']
const FOLDERS = ['a', 'b', 'd', 'd/e', 'empty']

/** What was done, in words; undefined where there was nothing to do it to. */
type Deed = (
  client: Client,
  random: Random,
  history: History,
  files: readonly string[],
) => string | undefined

function anyFile(client: Client, random: Random): string | undefined {
  const paths = [...client.tree().keys()]
  return paths.length === 0 ? undefined : random.pick(paths)
}

const write: Deed = (client, random, history, files) => {
  const path = random.pick(files)
  const content = random.chance(0.04) ? '' : history.newContent(random.chance(0.3))
  const inPlace = random.chance(0.4)
  return client.write(path, content, inPlace) ? `writes ${path}: ${content.trim()}` : undefined
}

/** Saves again what is there, changed: where most edits happen. */
const edit: Deed = (client, random, history) => {
  const path = anyFile(client, random)
  if (path === undefined) return undefined
  const { mtime } = client.inode(path)
  const content = history.newContent(random.chance(0.2))
  if (!client.write(path, content, random.chance(0.5))) return undefined
  // Some programs put the old time back: size and mtime are what they were.
  const sly = random.chance(0.1)
  if (sly) client.files.setModified(client.inode(path), mtime)
  return `edits ${path}: ${content.trim()}${sly ? ' (with its old time)' : ''}`
}

const remove: Deed = (client, random) => {
  const path = random.chance(0.15) ? random.pick(FOLDERS) : anyFile(client, random)
  if (path === undefined || client.files.find(path) === undefined) return undefined
  client.remove(path)
  return `removes ${path}`
}

const rename: Deed = (client, random, _, files) => {
  const folder = files !== PLAIN && random.chance(0.15)
  const from = folder ? random.pick(FOLDERS) : anyFile(client, random)
  const to = random.pick(folder ? FOLDERS : files)
  if (from === undefined || from === to) return undefined
  return client.rename(from, to) ? `renames ${from} to ${to}` : undefined
}

const copy: Deed = (client, random, _, files) => {
  const from = anyFile(client, random)
  const to = random.pick(files)
  if (from === undefined || from === to) return undefined
  return client.write(to, client.read(from) ?? '', random.chance(0.3))
    ? `copies ${from} to ${to}`
    : undefined
}

const flipBit: Deed = (client, random) => {
  const path = anyFile(client, random)
  if (path === undefined) return undefined
  const inode = client.inode(path)
  client.files.setExecutable(inode, !isExecutable(inode))
  return `flips the bit of ${path}`
}

const makeFolder: Deed = (client, random, _, files) => {
  if (files === PLAIN) return undefined
  const path = random.pick(FOLDERS)
  return client.makeFolder(path) ? `makes the folder ${path}` : undefined
}

/** A file becomes a folder, or the reverse. */
const turn: Deed = (client, random, history, files) => {
  if (files === PLAIN) return undefined
  const path = random.pick(['a', 'b', 'd/e'])
  const inode = client.files.find(path)
  if (inode === undefined) return undefined
  const content = history.newContent(false)
  client.remove(path)
  const to = inode.kind === 'folder' ? path : `${path}/${random.pick(['x', 'y', 'f'])}`
  return client.write(to, content, false) ? `turns ${path} into ${to}: ${content}` : undefined
}

const swap: Deed = (client) => {
  if (client.read('y') === undefined || client.read('z') === undefined) return undefined
  client.rename('y', 'swapping')
  client.rename('z', 'y')
  client.rename('swapping', 'z')
  return 'swaps y and z'
}

const touch: Deed = (client, random) => {
  const path = anyFile(client, random)
  if (path === undefined) return undefined
  client.files.setModified(client.inode(path), client.files.now() - random.below(100_000))
  return `touches ${path}`
}

const DEEDS: readonly (readonly [number, Deed])[] = [
  [22, write],
  [24, edit],
  [14, remove],
  [14, rename],
  [8, copy],
  [4, flipBit],
  [4, makeFolder],
  [5, turn],
  [3, swap],
  [2, touch],
]

/** One thing that a person does, at once. */
export function act(client: Client, random: Random, history: History, plain: boolean): void {
  const before = client.tree()
  let weight = random.below(DEEDS.reduce((sum, [each]) => sum + each, 0))
  for (const [each, deed] of DEEDS) {
    weight -= each
    if (weight >= 0) continue
    const what = deed(client, random, history, plain ? PLAIN : FILES)
    if (what !== undefined) history.acted(client.name, what, before, client.tree())
    return
  }
}
