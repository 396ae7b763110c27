import { spawn } from 'node:child_process'
import { stripVTControlCharacters } from 'node:util'

/** A person at a terminal: `script` of util-linux brings one, real to the command. */
export interface Terminal {
  /** What was shown so far, without escape sequences. */
  readonly shown: () => string
  /** Waits until this is shown, behind what was waited for before. */
  until(text: string): Promise<void>
  type(keys: string): void
  /** The exit code, once the command has ended. */
  readonly end: Promise<number | null>
}

const LONGEST = 40_000

export function terminal(
  folder: string,
  argv: readonly string[],
  environment: Readonly<Record<string, string>>,
): Terminal {
  const command = argv.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ')
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    cwd: folder,
    env: { ...process.env, TERM: 'xterm', SHELL: '/bin/sh', ...environment },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let raw = ''
  let seen = 0
  let wake: () => void = () => undefined
  const shown = (): string => stripVTControlCharacters(raw)
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    raw += text
    wake()
  })
  const end = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      resolve(code)
      wake()
    })
  })
  return {
    shown,
    end,
    type(keys) {
      child.stdin.write(keys)
    },
    async until(text) {
      const late = setTimeout(() => {
        child.kill()
      }, LONGEST)
      for (;;) {
        const at = shown().indexOf(text, seen)
        if (at >= 0) {
          seen = at + text.length
          clearTimeout(late)
          return
        }
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(`${text} was not shown, but:\n${shown()}`)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
  }
}
