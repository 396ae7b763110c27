import { expect, test } from 'vitest'
import { parseConfig } from '../../src/state/config.ts'
import { KEYS } from '../../src/state/config-keys.ts'
import { SETTINGS } from '../../src/state/settings.ts'
import { loadUserConfig, withUserConfig } from '../../src/state/user-config.ts'

test('nothing said is nothing set', () => {
  expect(loadUserConfig(undefined, {})).toEqual({ settings: {}, ignore: [], trash: {} })
})

test('the environment goes before the file', () => {
  const file =
    'author: me\nmax-delete: 20\nprofile: home\ntrash-days: 90\nmerge-tool: meld\nignore: ["*.o"]\n'
  const environment = {
    LSYNC_PROFILE: 'work',
    LSYNC_MAX_DELETE: '10%',
    LSYNC_JOBS: '8',
    LSYNC_TRASH_SIZE: '1.5 GB',
    LSYNC_PATH_STYLE: 'true',
    LSYNC_IGNORE: '*.log, tmp/',
    LSYNC_AUTHOR: '',
    LSYNC_NPM_REGISTRY: 'somebody else reads this',
  }
  expect(loadUserConfig(file, environment)).toEqual({
    author: 'me',
    maxDelete: { percent: 10 },
    settings: { profile: 'work', 'path-style': 'true' },
    jobs: 8,
    mergeTool: 'meld',
    ignore: ['*.log', 'tmp/'],
    trash: { days: 90, bytes: 1.5 * 1024 ** 3 },
  })
})

test.each(['remote: s3://bucket', 'repository: abc', 'only: [a]', 'secret-key: hunter2', 'jbs: 8'])(
  'what does not belong here is refused: %s',
  (line) => {
    expect(() => loadUserConfig(`${line}\n`, {})).toThrow(
      expect.objectContaining({
        code: 'bad-configuration',
        message: expect.not.stringContaining('hunter2'),
      }),
    )
  },
)

test('no more requests at once than the flag takes', () => {
  expect(loadUserConfig(undefined, { LSYNC_JOBS: '1024' }).jobs).toBe(1024)
  expect(() => loadUserConfig(undefined, { LSYNC_JOBS: '1000000000' })).toThrow('from 1 to 1024')
})

test('a wrong variable is named', () => {
  expect(() => loadUserConfig(undefined, { LSYNC_JOBS: 'many' })).toThrow(
    expect.objectContaining({
      code: 'bad-configuration',
      facts: expect.objectContaining({ file: 'LSYNC_JOBS' }),
    }),
  )
})

const OWN = 'remote: s3://bucket\n'
const SAYINGS: Record<string, string> = {
  ...Object.fromEntries(Object.keys(SETTINGS).map((key) => [key, 'x'])),
  endpoint: 'https://s3.example.com',
  'path-style': 'true',
  conflicts: 'newest',
  ignore: '["*.o"]',
  symlinks: 'store',
  author: 'me',
  'max-delete': '10%',
  jobs: '8',
  'trash-days': '9',
  'trash-size': '1G',
}

test.each(
  Object.keys(KEYS).filter((key) => !['format', 'remote', 'repository', 'only'].includes(key)),
)('what the user says of %s holds where the repository says nothing', (key) => {
  const line = `${key}: ${SAYINGS[key]}\n`
  const config = withUserConfig(parseConfig(OWN, 'file'), loadUserConfig(line, {}))
  expect(config).toEqual(parseConfig(OWN + line, 'file'))
  expect(config).not.toEqual(parseConfig(OWN, 'file'))
})

test('what the repository says goes before what the user says', () => {
  const user = loadUserConfig('symlinks: store\njobs: 8\n', {})
  expect(withUserConfig(parseConfig(`${OWN}symlinks: skip\n`, 'file'), user)).toMatchObject({
    symlinks: 'skip',
    jobs: 8,
  })
})
