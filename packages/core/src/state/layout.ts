/** The names inside a repository's `.lsync` folder. */
export const LSYNC = '.lsync'
export const CONFIG = '.lsync/config.yaml'
export const DATABASE = '.lsync/database.yaml'
export const JOURNAL = '.lsync/journal.yaml'
export const REMOTE_REPORT = '.lsync/remote.yaml'
/** Repositories within this one, as the remote was seen to know them. */
export const NESTED = '.lsync/nested.yaml'
export const LOCK = '.lsync/lock'
/** Held for the instant in which the configuration is read and written again, also while a run is at work. */
export const CONFIG_LOCK = '.lsync/config.lock'
export const STAGING = '.lsync/staging'
/** Begins the names of folders that are filled there, to become folders of the repository; what else is a folder there is not ours. */
export const NEW_FOLDER = '.lsync/staging/folder-'
export const TRANSFERS = '.lsync/transfers'
/** Stands while the disk is one without executable bits. */
export const BITLESS = '.lsync/bitless'
export const TRASH = '.lsync/trash'

/** On the remote: who this repository is. */
export const IDENTITY_KEY = '.lsync/repository.yaml'
/** On the remote: scratch keys of a probe, cleaned up by it. */
export const SCRATCH_PREFIX = '.lsync/probe/'
