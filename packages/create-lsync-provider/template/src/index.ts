import { CONTRACT_VERSION, type ProviderModule, StorageError } from '@lsync/core/provider'

/** What lsync loads to know the scheme. Load no SDK up here: only `open` may, so that no other command waits for it. */
const provider: ProviderModule = {
  contract: CONTRACT_VERSION,
  scheme: '{{scheme}}',
  // Settings beside the URL, each with a line of help: `lsync config set provider.NAME VALUE`. Never secrets: those come from the environment.
  settings: {},

  normalize(url) {
    // Not a web URL: `#`, `?` and `%` are ordinary characters of a name.
    const place = url.slice('{{scheme}}://'.length).replace(/\/+$/, '')
    if (place === '')
      throw new StorageError('bad-remote', `${url} names no place: write {{scheme}}://PLACE`)
    return `{{scheme}}://${place}`
  },

  async open(url, options) {
    const { openStore } = await import('./open.ts')
    return openStore(url, options)
  },

  overlaps: (a, b) => a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`),
}

export default provider
