import { isStorageError } from '@lsync/core/provider'

/** By which servers say that they do not know what was asked of them. Not by failing: that may pass by itself, and says something only where it stays so (`ProbeScene.step`). */
export const ODD: ReadonlySet<string> = new Set(['unsupported', 'refused', 'unexpected'])

/** True if it is refused because of its condition. */
export async function refuses(operation: () => Promise<unknown>): Promise<boolean> {
  try {
    await operation()
    return false
  } catch (error) {
    if (isStorageError(error) && error.code === 'precondition-failed') return true
    if (isStorageError(error) && ODD.has(error.code)) return false
    throw error
  }
}

/** False if it is refused although its condition holds. */
export async function allows(operation: () => Promise<unknown>): Promise<boolean> {
  try {
    await operation()
    return true
  } catch (error) {
    if (isStorageError(error) && (error.code === 'precondition-failed' || ODD.has(error.code)))
      return false
    throw error
  }
}
