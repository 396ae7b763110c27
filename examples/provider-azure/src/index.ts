import { CONTRACT_VERSION, type ProviderModule } from '@lsync/core/provider'
import { formatUrl, parseUrl } from './url.ts'

/** `az://container[/prefix]`: what lsync loads to know the scheme. The SDK comes with `open` only, so that no other command waits for it. */
const azure: ProviderModule = {
  contract: CONTRACT_VERSION,
  scheme: 'az',
  // No endpoint: a repository that somebody else made could name one, and get the token that the environment holds.
  settings: {},

  normalize: (url) => formatUrl(parseUrl(url)),

  async open(url, options) {
    const { openContainer } = await import('./open.ts')
    return openContainer(parseUrl(url), options)
  },

  overlaps(a, b) {
    const [one, other] = [parseUrl(a), parseUrl(b)]
    return (
      one.container === other.container &&
      (one.prefix.startsWith(other.prefix) || other.prefix.startsWith(one.prefix))
    )
  },
}

export default azure
