import type { Path } from '../model/entry.ts'
import type { SortedStream } from '../model/side.ts'
import { compareKeys, type ObjectInfo, type StorageProvider } from '../provider/index.ts'
import { inOrder, type Part } from './in-order.ts'

/** So many questions are on their way at once. */
const AT_ONCE = 32
/** For fewer paths than this nothing but themselves is looked at. */
const MANY = 32
/** So many keys that nobody named may be listed for each question that is spared: a page of 1,000 takes as long as some 60 questions, asked at once. */
const WORTH = 16

/**
 * The keys of the named paths, and those below them, in order. Each path takes two questions; where many of them lie close together, as the files of
 * one folder do, a listing across them answers with far fewer. How close they lie nobody knows before, and what lies between them may be endless:
 * so the listing goes on as long as it is worth it, and the questions take over where it stopped.
 *
 * @param worth so many keys that nobody named, for each question that is spared
 */
export async function* listNamed(
  provider: StorageProvider,
  paths: readonly Path[],
  signal: AbortSignal,
  worth: number = WORTH,
): SortedStream<ObjectInfo> {
  const questions = paths
    .flatMap((path) => [
      { key: path, below: false },
      { key: `${path}/`, below: true },
    ])
    .toSorted((a, b) => compareKeys(a.key, b.key))
  const { listPage } = provider
  let answered = 0
  if (listPage !== undefined && paths.length > MANY)
    answered = yield* listAcross(provider, questions, { page: listPage, worth }, signal)
  const parts = questions.slice(answered).map((question): Part => {
    return (both) => ask(provider, question, both)
  })
  yield* inOrder(parts, AT_ONCE, signal)
}

/** A named path is a key of its own, and the beginning of others. Sorted, they answer in order, and never twice: no path lies below another. */
interface Question {
  readonly key: string
  readonly below: boolean
}

async function* ask(
  provider: StorageProvider,
  { key, below }: Question,
  signal: AbortSignal,
): SortedStream<ObjectInfo> {
  if (below) {
    yield* provider.list({ prefix: key }, { signal })
    return
  }
  const info = await provider.head(key, { signal })
  if (info !== undefined) yield [info]
}

/** @returns how many of the questions it answered */
async function* listAcross(
  provider: StorageProvider,
  questions: readonly Question[],
  { page, worth }: { readonly page: number; readonly worth: number },
  signal: AbortSignal,
): AsyncGenerator<readonly ObjectInfo[], number> {
  const [first, last] = [questions[0], questions.at(-1)]
  if (first === undefined || last === undefined) return 0
  // A listing begins behind a key.
  yield* ask(provider, first, signal)
  let next = 1
  let unnamed = 0
  const range = {
    prefix: folderOfBoth(first.key, last.key),
    after: first.key,
    // The first key that is no longer below the last path: what follows a slash in the order of bytes is a zero.
    before: `${last.key.slice(0, -1)}0`,
  }
  for await (const infos of provider.list(range, { signal })) {
    const named: ObjectInfo[] = []
    for (const info of infos) {
      let question = questions[next]
      while (question !== undefined && isBehind(info.key, question)) question = questions[++next]
      if (question === undefined || !answers(info.key, question)) continue
      named.push(info)
      if (!question.below) next++
    }
    yield named
    unnamed += infos.length - named.length
    const end = infos.at(-1)?.key ?? ''
    const question = questions[next]
    const isHalfAnswered = question !== undefined && question.below && answers(end, question)
    if (!isHalfAnswered && unnamed > page + next * worth) return next
  }
  return questions.length
}

function answers(key: string, question: Question): boolean {
  return question.below ? key.startsWith(question.key) : key === question.key
}

/** The question has all its answers before this key. */
function isBehind(key: string, question: Question): boolean {
  return compareKeys(key, question.key) > 0 && !answers(key, question)
}

/** What both begin with, up to a slash. */
function folderOfBoth(a: string, b: string): string {
  let length = 0
  while (length < a.length && a[length] === b[length]) length++
  return a.slice(0, a.lastIndexOf('/', length - 1) + 1)
}
