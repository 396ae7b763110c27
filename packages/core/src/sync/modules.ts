import { LsyncError } from '../model/errors.ts'
import { CONTRACT_VERSION, type ProviderModule } from '../provider/index.ts'
import { isOfProvider, refuseUnknownSettings, settingsForProvider } from '../state/settings.ts'
import type { Machine } from './api.ts'

/** The provider for a scheme; LsyncError `unknown-scheme` or `provider-broken`. */
export async function moduleFor(machine: Machine, scheme: string): Promise<ProviderModule> {
  const module = await machine.providers.get(scheme)
  if (module.contract !== CONTRACT_VERSION)
    throw new LsyncError(
      'provider-broken',
      `the provider for ${scheme} is built for contract ${module.contract}, this lsync has ${CONTRACT_VERSION}`,
      {
        scheme,
        reason: `it is built for contract ${module.contract}, this lsync has ${CONTRACT_VERSION}`,
      },
    )
  return module
}

/** Of an address; LsyncError `ambiguous-remote` where there is none. */
export function schemeOf(remote: string): string {
  const scheme = /^([a-z][a-z0-9+.-]*):/.exec(remote)?.[1]
  if (scheme === undefined)
    throw new LsyncError('ambiguous-remote', `${remote} has no scheme`, { remote })
  return scheme
}

/** LsyncError `bad-configuration` for a key of the configuration that stands under `provider.` and is not known to the provider of this remote. */
export async function refuseUnknownSetting(
  machine: Machine,
  remote: string,
  key: string,
): Promise<void> {
  if (!isOfProvider(key)) return
  const { scheme, settings } = await moduleFor(machine, schemeOf(remote))
  refuseUnknownSettings(scheme, settings, settingsForProvider({ [key]: '' }))
}
