/** One line of a `scenario` file: `client[/folder]: verb words…`. */
export interface Step {
  readonly line: string
  /** A clone, or `remote`: then another tool writes there. */
  readonly client: string
  /** Where in the clone it is done; '' = its root. */
  readonly folder: string
  readonly verb: string
  readonly words: readonly string[]
}

const LINE = /^(?<client>\w+)(?:\/(?<folder>[^:]+))?: (?<verb>[a-z]+)(?: (?<rest>.*))?$/
/** A word in double quotes is a JSON string, for blanks and worse. */
const WORD = /"(?:[^"\\]|\\.)*"|\S+/g

/** Empty lines and those with a # say something to people only. */
export function parseScenario(text: string): readonly Step[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const { client, folder = '', verb, rest = '' } = LINE.exec(line)?.groups ?? {}
      if (client === undefined || verb === undefined)
        throw new Error(`no step of a scenario: ${line}`)
      const words = [...rest.matchAll(WORD)].map(([word]) =>
        word.startsWith('"') ? (JSON.parse(word) as string) : word,
      )
      return { line, client, folder, verb, words }
    })
}
