import { flush } from '@oclif/core/flush'
import { handle } from '@oclif/core/handle'
import type { LoadOptions } from '@oclif/core/interfaces'
import { run } from '@oclif/core/run'
import { enterFolder } from './arguments.ts'

/** As oclif's own `execute`, for a reader that may go away: `lsync help | head -1` ends quietly. */
export async function main(argv: readonly string[], load: LoadOptions): Promise<void> {
  const readerGone = new Promise<boolean>((resolve) => {
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') resolve(true)
    })
  })
  try {
    await run(enterFolder(argv), load)
    // What nobody takes is never flushed: it would be waited for in vain.
    if (await Promise.race([flush().then(() => false), readerGone])) process.exit()
  } catch (error) {
    await handle(error instanceof Error ? error : new Error(String(error)))
  }
}
