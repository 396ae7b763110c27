export * from './provider/index.ts'
export { type World } from './disk/clock.ts'
export * from './disk/disk.ts'
export { nodeDisk } from './disk/node-disk.ts'
export { diskError } from './disk/node-errors.ts'
export { nodeWorld } from './disk/node-world.ts'
export { isAlive, processIdentity } from './disk/node-process.ts'
export type { ProcessIdentity } from './disk/process.ts'
export { closest } from './model/closest.ts'
export type * from './model/entry.ts'
export { firstFailure, LsyncError, type LsyncErrorCode } from './model/errors.ts'
export type * from './model/events.ts'
export { readMetadata } from './model/metadata.ts'
export type { LeftOver, Nested, NestedState, Pointer } from './model/nested.ts'
export type * from './model/plan.ts'
export type * from './model/problem.ts'
export { type RepositoryConfig } from './state/config.ts'
export { parseBytes, parseMaxDelete } from './state/config-keys.ts'
export { listConfig, setInConfig, unsetInConfig } from './state/edit-config.ts'
export { CONFIG } from './state/layout.ts'
export { keyOfSetting } from './state/settings.ts'
export type * from './sync/api.ts'
export {
  initRepository,
  openRepository,
  pathInRepository,
  syncRepository,
  type Initialized,
  type InitOptions,
  type Repository,
} from './sync/repository.ts'
export { changeRemote, type RemoteChange } from './sync/change-remote.ts'
export { doctorRepository, type Diagnosis, type UnfinishedUpload } from './sync/doctor.ts'
export { listRows } from './sync/list-rows.ts'
export { refuseUnknownSetting } from './sync/modules.ts'
export { moveAsideLocally, replaceLocally } from './sync/replace.ts'
export { openSides, type Sides } from './sync/sides.ts'
export { statusRepository, type Status, type StatusOptions } from './sync/status.ts'
export { listTrash, type Emptied, type TrashItem } from './sync/trash.ts'
export { emptyTrash, restoreTrash } from './sync/trash-commands.ts'
export {
  verifyRepository,
  type Difference,
  type Verified,
  type VerifyOptions,
} from './sync/verify.ts'
export { loadUserConfig, type UserConfiguration } from './state/user-config.ts'
