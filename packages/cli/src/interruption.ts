import { EXIT } from './messages/exit.ts'
import { asksForDocument, documentText } from './render/document.ts'

export const INTERRUPTED = {
  code: 'interrupted',
  message: 'Interrupted. What was done is recorded; the next run goes on from there.',
} as const

type Listener = (signal: NodeJS.Signals) => void

/** Ctrl-C, `kill`, and a terminal that was closed. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** Listens until a command does. */
let whileLoading: Listener | undefined

/** Of a process that has only begun to load the command: nothing is done yet, so it ends at once, and says so as the command would. */
export function endWhileLoading(argv: readonly string[]): void {
  whileLoading = () => {
    process.stderr.write(`lsync: ${INTERRUPTED.message}\n`)
    if (asksForDocument(argv))
      process.stdout.write(documentText(commandOf(argv), { error: INTERRUPTED }, EXIT.interrupted))
    process.exit(EXIT.interrupted)
  }
  for (const signal of SIGNALS) process.on(signal, whileLoading)
}

export function listenForInterruption(listener: Listener): void {
  for (const signal of SIGNALS) {
    process.on(signal, listener)
    if (whileLoading !== undefined) process.off(signal, whileLoading)
  }
}

export function stopListening(listener: Listener): void {
  for (const signal of SIGNALS) process.off(signal, listener)
}

/** Commands with a second word. */
const TOPICS: ReadonlySet<string> = new Set(['config', 'trash'])

/** By its words alone, of a command that nobody has looked for yet, or that is none of lsync's own. */
export function commandOf([first = '', second = '']: readonly string[]): string {
  return TOPICS.has(first) && !second.startsWith('-') ? `${first} ${second}`.trim() : first
}
