import type { LoadOptions } from '@oclif/core/interfaces'
import { enterFolder } from './arguments.ts'
import { commandOf, endWhileLoading } from './interruption.ts'
import { EXIT } from './messages/exit.ts'
import { asksForDocument, documentText } from './render/document.ts'
import { escapeText } from './render/escape.ts'

/**
 * As oclif's own `execute`, for a reader that may go away: `lsync help | head -1` ends quietly. What cannot be written for another reason, as on a
 * full disk, stops nobody's work, but is said and is no success.
 */
export async function main(argv: readonly string[], load: LoadOptions): Promise<void> {
  const entered = enterFolder(argv)
  endWhileLoading(entered)
  const { handle } = await import('@oclif/core/handle')
  const { run } = await import('@oclif/core/run')
  const { settings } = await import('@oclif/core/settings')
  // Plugins bring what is compiled: without this, oclif says on each run that it will not compile a linked one.
  settings.enableAutoTranspile = false
  process.removeAllListeners('warning').on('warning', tell)
  // Loading it, oclif begins to listen, and throws past everything that could catch it.
  await import('@oclif/core/command')
  process.stdout.removeAllListeners('error')
  let lost = false
  const unwritable = new Promise<boolean>((resolve) => {
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      resolve(true)
      if (error.code === 'EPIPE' || lost) return
      lost = true
      const words = error.message.replace(/^[A-Z0-9]+: /, '').replace(/, .*$/s, '')
      process.stderr.write(`lsync: The output cannot be written: ${words}, ${error.code ?? ''}\n`)
    })
  })
  // There is nobody left who could be told.
  process.stderr.on('error', () => undefined)
  // What nobody takes is never flushed: it would be waited for in vain.
  const taken = () => Promise.race([flushed().then(() => false), unwritable])
  try {
    await run(entered, load)
    if (await taken()) process.exit(lost ? EXIT.problems : EXIT.done)
  } catch (error) {
    await taken()
    const failure = error instanceof Error ? error : new Error(String(error))
    if (asksForDocument(entered) && isWrongUsage(failure)) await refuse(failure, entered)
    else await handle(failure)
  }
}

/** Of a command that oclif brings: those of lsync have said what is wrong, and only exit. Not by the class, of which a plugin may have its own copy. */
function isWrongUsage(failure: Error & { readonly code?: unknown }): boolean {
  return 'oclif' in failure && failure.code !== 'EEXIT'
}

/** `lsync help --json`, which oclif's help does not know: in the form of lsync's own commands. */
async function refuse({ message: said }: Error, argv: readonly string[]): Promise<never> {
  const { usageWords } = await import('./messages/usage.ts')
  const message = usageWords(said)
  process.stderr.write(`lsync: ${message}\n`)
  process.stdout.write(
    documentText(commandOf(argv), { error: { code: 'usage', message } }, EXIT.usage),
  )
  await flushed()
  process.exit(EXIT.usage)
}

/** Until all that was written is taken, however slowly it is read: what exceeds a pipe is lost when the process exits. */
async function flushed(): Promise<void> {
  await Promise.all(
    [process.stdout, process.stderr].map(
      (stream) =>
        new Promise<void>((taken) => {
          stream.write('', () => {
            taken()
          })
        }),
    ),
  )
}

/** oclif tells by a warning what it cannot load of a plugin: in one line, whose it is and why, without the way through its code. */
function tell(warning: Error & { readonly detail?: string }): void {
  const { name, message, detail = '' } = warning
  // Of the Node.js that a plugin was written for: whoever runs lsync can do nothing about it.
  if (name === 'ExperimentalWarning') return
  const said = (what: string): string | undefined =>
    new RegExp(`^${what}: (.+)$`, 'm').exec(detail)?.[1]
  const plugin = said('plugin')
  const cause = said('message') ?? message.split('\n')[0] ?? ''
  const line =
    plugin === undefined
      ? `lsync: ${name}: ${cause}`
      : `lsync: ${plugin === 'lsync' ? 'A plugin' : `The plugin ${plugin}`} cannot be loaded: ${cause}
All others work. Take it away: lsync plugins uninstall PLUGIN`
  process.stderr.write(`${escapeText(line)}\n`)
}
