import { describe, expect, test } from 'vitest'
import { setInConfig, unsetInConfig } from '../../src/index.ts'
import { parseConfig } from '../../src/state/config.ts'
import { refuseUnknownSettings, settingsForProvider } from '../../src/state/settings.ts'
import { loadUserConfig } from '../../src/state/user-config.ts'

const FILE = '.lsync/config.yaml'
const config = 'remote: az://box\n'

describe('settings that only a provider knows', () => {
  test('stand under `provider.`, and arrive without it', () => {
    const text = setInConfig(config, FILE, 'provider.key-file', '/keys/mine.json')
    expect(text).toBe(`${config}provider.key-file: /keys/mine.json\n`)
    expect(parseConfig(`${text}region: eu\n`, FILE).settings).toEqual({
      'key-file': '/keys/mine.json',
      region: 'eu',
    })
    expect(settingsForProvider({ 'provider.a': '1', region: 'eu' })).toEqual({
      a: '1',
      region: 'eu',
    })
    expect(unsetInConfig(text, FILE, 'provider.key-file')).toBe(config)
  })

  test.each([
    ['provider.region', /no key/],
    ['provider.', /no key/],
    ['provider.A', /no key/],
    ['provider.secret-key', /Secrets never stand in .lsync/],
    ['provider.auth-token', /Secrets never stand in .lsync/],
  ])('a key that is none is refused: %s', (key, words) => {
    expect(() => setInConfig(config, FILE, key, 'x')).toThrow(words)
    expect(() => parseConfig(`${config}${key}: x\n`, FILE)).toThrow(words)
  })

  test('one that the provider does not know is refused by name, with those it knows', () => {
    const known = { region: 'where', 'key-file': 'a file', project: 'who pays' }
    expect(() => {
      refuseUnknownSettings('gs', known, { 'key-file': 'x', region: 'eu', endpoint: 'e' })
    }).not.toThrow()
    expect(() => {
      refuseUnknownSettings('gs', known, { 'key-fil': 'x' })
    }).toThrow(
      'provider.key-fil: gs:// has no such setting (it has provider.key-file, provider.project)',
    )
  })

  test('belong to a repository, not to the user', () => {
    expect(() => loadUserConfig('provider.key-file: x\n', {})).toThrow(/no key/)
  })
})
