/** Why a path was skipped. The rest of the run goes on; the words for each stand in the CLI's table. */
export type ProblemCode =
  /** May not be read (permissions), or a folder that cannot be listed: all below it is unknown. */
  | 'unreadable'
  /** The rules of a folder (`.lsyncignore`) cost more than can be asked of every path: all below it is unknown. */
  | 'bad-rules'
  /** It was left out for a while, and the remote, which was not to be asked, may hold anything of it by now. */
  | 'not-asked'
  | 'special-file'
  | 'symbolic-link'
  /** A link on the remote whose content cannot be the target of one. */
  | 'link-target'
  /** A mount point, or anything on another device than the repository's root. */
  | 'other-device'
  /** A repository of its own, named in a run of the one around it. */
  | 'nested'
  /** Others made it a repository of its own; here it holds content of the one around it. */
  | 'nested-content'
  /** It is a repository of its own here, with another remote than others noted. */
  | 'nested-differs'
  /** What the remote says of a repository of its own must not be used. */
  | 'nested-refused'
  /** The name on disk is not valid UTF-8. */
  | 'name-not-utf8'
  /** A remote key that cannot be a name here: `..`, an empty segment, NUL, a segment over 255 bytes, … */
  | 'name-unsafe'
  /** A `.lsync` segment: reserved at every depth. */
  | 'name-reserved'
  /** A remote of its own lies in a folder of this one: this folder, told once, holds what it keeps for itself. */
  | 'remote-within'
  /** The remote holds `a` and `a/b`: the second cannot exist here. */
  | 'below-a-file'
  /** Folds together with another name on this disk. */
  | 'name-folds'
  /** An empty-folder object with content. */
  | 'folder-with-content'
  /** The store cannot keep this name. */
  | 'name-refused'
  /** Kept changing while it was read, three times. */
  | 'changing'
  /** Another client is removing it at this moment, or holds a claim on it. */
  | 'busy'
  /** The other side changed between the look and the effect; the next run sees the new state. */
  | 'moved-on'
  /** The bytes did not match their digest, also after another try. */
  | 'corrupt'
  | 'too-large'
  /** The local disk takes no file of that size. */
  | 'too-large-here'
  | 'forbidden'
  /** No room on the local disk, or in the store. */
  | 'no-space'
  | 'read-only'
  /** May not be changed on this disk: the permissions of the file, or of the folder it is in. */
  | 'unwritable'
  /** Something local stands in the way (a folder that is not empty, a file that turned up). */
  | 'in-the-way'
  /** A removal was left undone since a transfer towards that side failed, since it would have taken the last copy, or since a file that cannot be read may hold it. */
  | 'kept-for-safety'
  /** It was not sent, since what stands where it should be on the remote was kept for safety. */
  | 'no-place-there'
  /** The store failed for this path alone. */
  | 'remote-failed'
  /** The store refused what was asked of it for this path, and would again. */
  | 'remote-refused'
  | 'local-failed'

export interface Problem {
  readonly path: string
  readonly code: ProblemCode
  /** Detail from the system or the store, already free of secrets; may be shown after escaping. */
  readonly detail?: string
}
