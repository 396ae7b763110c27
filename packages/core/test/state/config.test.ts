import { describe, expect, test } from 'vitest'
import { LsyncError } from '../../src/model/errors.ts'
import { parseConfig } from '../../src/state/config.ts'
import { listConfig, newConfig, setInConfig, unsetInConfig } from '../../src/state/edit-config.ts'

const FILE = '.lsync/config.yaml'
const BASE = 'format: 1\nremote: s3://bucket\n'

function refusal(work: () => unknown): LsyncError {
  try {
    work()
  } catch (error) {
    if (error instanceof LsyncError) return error
    throw error
  }
  throw new Error('it was not refused')
}

describe('reading', () => {
  test.each(['/abs', '../x', 'a//b', '.', '', 'a/../b', '.lsync'])(
    'only: %j is refused',
    (path) => {
      expect(() =>
        parseConfig(`remote: file:///r\nonly: [${JSON.stringify(path)}]\n`, 'c'),
      ).toThrow('a list of paths')
    },
  )

  test('only: takes folders with and without a slash', () => {
    expect(parseConfig('remote: file:///r\nonly: [docs/, src, docs/a]\n', 'c').only).toEqual([
      'docs',
      'src',
    ])
  })

  test('what a new configuration says is what is read', () => {
    const text = newConfig({
      remote: 's3://bucket/prefix',
      repository: '0123456789',
      settings: { profile: 'work', region: 'eu-1' },
    })
    expect(text.startsWith('#')).toBe(true)
    expect(parseConfig(text, FILE)).toMatchObject({
      remote: 's3://bucket/prefix',
      repository: '0123456789',
      settings: { profile: 'work', region: 'eu-1' },
      ignore: [],
      only: [],
    })
  })

  test.each([
    ['conflicts: never', 3, /conflicts.*manual/],
    ['jobs: 0', 3, /jobs/],
    ['jobs: 1025', 3, /jobs.*from 1 to 1024/],
    ['max-delete: many', 3, /max-delete/],
    ['max-delete: 200%', 3, /max-delete/],
    ['ignore: {a: 1}', 3, /ignore/],
    ['# words\nsymlink: skip', 4, /symlink.*did you mean.*symlinks/],
    ['maxdelete: 3', 3, /maxdelete.*did you mean.*max-delete/],
    ['nonsense: 3', 3, /no key "nonsense"; there are remote, /],
    ['remote: again', 3, /unique/],
    ['- a', 3, /./],
  ])('%j is refused, with its line and what is meant', (line, at, words) => {
    const error = refusal(() => parseConfig(`${BASE}${line}\n`, FILE))
    expect(error.code).toBe('bad-configuration')
    expect(error.message).toMatch(words)
    expect(error.facts).toMatchObject({ file: FILE, line: at })
  })

  test.each([
    ['aws-secret-access-key: hunter2'],
    ['secretAccessKey: hunter2'],
    ['token: hunter2'],
    ['password: hunter2'],
    ['x-secret-key: hunter2'],
    ['endpoint: https://somebody:hunter2@example'],
  ])('a secret has no place here, and is not repeated: %j', (line) => {
    const error = refusal(() => parseConfig(`${BASE}${line}\n`, FILE))
    expect(error.code).toBe('bad-configuration')
    expect(JSON.stringify([error.message, error.facts])).not.toContain('hunter2')
  })

  test('nor in the address of the remote', () => {
    const error = refusal(() => parseConfig('format: 1\nremote: s3://id:hunter2@bucket\n', FILE))
    expect(JSON.stringify([error.message, error.facts])).not.toContain('hunter2')
  })

  test.each(['merge-tool: meld', 'diff-tool: meld'])(
    'a repository does not name programs to run: %j',
    (line) => {
      expect(refusal(() => parseConfig(`${BASE}${line}\n`, FILE)).message).toMatch(
        /own configuration/,
      )
    },
  )

  test('a newer format is refused as that', () => {
    const error = refusal(() => parseConfig('format: 2\nremote: s3://bucket\n', FILE))
    expect(error.code).toBe('newer-format')
    expect(refusal(() => parseConfig('format: 1.5\nremote: s3://bucket\n', FILE)).code).toBe(
      'bad-configuration',
    )
    // What is new in it is no mistake of the person's.
    for (const news of ['links: all', 'conflicts: ask'])
      expect(
        refusal(() => parseConfig(`${news}\nformat: 2\nremote: s3://bucket\n`, FILE)).code,
      ).toBe('newer-format')
  })

  test('a key whose values are commented out counts as not there', () => {
    const text = `${BASE}ignore:\n#  - "*.log"\nprofile:\nx-mine: {a: 1}\n`
    expect(parseConfig(text, FILE)).toMatchObject({ ignore: [], settings: {} })
  })
})

describe('editing', () => {
  const text = `# mine
format: 1
remote: s3://bucket # ours

# what nobody needs
ignore:
  - "*.log" # logs
  - 'tmp/'
x-note: kept
`

  test('leaves comments, order and the other lines alone', () => {
    const set = setInConfig(text, FILE, 'jobs', '8')
    expect(set).toContain('jobs: 8')
    for (const line of text.split('\n')) expect(set).toContain(line)
    expect(unsetInConfig(set, FILE, 'jobs')).toBe(text)
    expect(setInConfig(text, FILE, 'remote', 's3://other')).toContain('remote: s3://other # ours')
  })

  test('a text that looks like a number or a flag stays a text', () => {
    for (const value of ['0123', '2024', 'true', 'null', '1e5', '- a', 'a: b', '#x']) {
      const set = setInConfig(text, FILE, 'author', value)
      expect(parseConfig(set, FILE).author).toBe(value)
      expect(new Map(listConfig(set, FILE)).get('author')).toBe(value)
    }
  })

  test('long lines are not folded', () => {
    const long = 'word '.repeat(60).trim()
    expect(setInConfig(text, FILE, 'author', long)).toContain(`author: ${long}`)
  })

  test.each([
    ['jobs', 'many'],
    ['format', '2'],
    ['conflicts', 'never'],
    ['secret', 'hunter2'],
    ['merge-tool', 'meld'],
    ['nonsense', 'x'],
  ])('what may not stand there is not written: %s %s', (key, value) => {
    const error = refusal(() => setInConfig(text, FILE, key, value))
    expect(error.code).toBe('bad-configuration')
    expect(JSON.stringify([error.message, error.facts])).not.toContain('hunter2')
  })

  test.each(['remote', 'format', 'jobs'])('%s cannot be unset here', (key) => {
    expect(refusal(() => unsetInConfig(text, FILE, key)).code).toBe('bad-configuration')
  })
})
