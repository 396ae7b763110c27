/**
 * The contract between lsync and a store. A provider offers operations and says honestly what it can guarantee;
 * retry, limits, cancellation between attempts and checks of arguments wrap it in core, once for all providers.
 *
 * Obligations that hold for every method:
 * - A signal that is aborted before the call means no effect; an abort rejects with the signal's reason, untouched.
 * - Every other failure is a StorageError. One attempt per call: the provider never retries by itself.
 * - Keys are relative to the opened remote, `/`-separated, well-formed Unicode; the provider adds its own prefix.
 */

import type { ByteSource, Digests, Expect, ObjectInfo, ObjectMetadata, Version } from './object.ts'

/** The version of this contract. A plugin that was built for another one is refused by name. */
export const CONTRACT_VERSION = 1

export interface CallOptions {
  readonly signal: AbortSignal
}

export interface HeadOptions extends CallOptions {
  /**
   * Asked by who is about to remove his copy because nothing is there: whatever stands in that place and is no object (a link, in a folder) is an
   * error then (`unreadable`), since it is no absence.
   */
  readonly beforeRemoval?: boolean
}

export interface ListRange {
  /** Only keys that start with this. */
  readonly prefix: string
  /** Only keys greater than this, in UTF-8 byte order. */
  readonly after?: string
  /** Only keys less than this, in UTF-8 byte order. */
  readonly before?: string
}

export interface ReadOptions extends CallOptions {
  /** Read this version or fail with `precondition-failed` (`not-found` if the object is gone). */
  readonly version?: Version
  /** First byte, default 0. */
  readonly from?: number
  /** How many bytes, default all the rest. */
  readonly length?: number
  /**
   * Memory of the reader's, which is used again, for what must be held of the body: a hint, worth it where bytes would be copied anyway. A provider that heeds
   * it takes `bytes` of `ObjectBody` from it, which begin where the taken memory begins, and chunks of `body`. Who reads `bytes` gives them back, and leaves `body` alone; who reads `body` has
   * each chunk until the next one is asked for, and gives back nothing: that is the provider's part.
   */
  readonly memory?: Memory
}

/** Memory that is used again. */
export interface Memory {
  /** So many bytes; what they hold at first is anything. */
  take(size: number): Uint8Array
  /** Nobody reads or writes there any more: once for each that was taken, or never. What was not taken here is left alone. */
  giveBack(bytes: Uint8Array): void
}

export interface WriteOptions extends CallOptions {
  readonly expect: Expect
  readonly metadata: ObjectMetadata
}

/**
 * How an operation keeps its condition.
 * `atomic`: the store checks and acts in one step. `leased`: the provider reaches the same by a claim that other clients of lsync respect.
 * `checked`: looked at just before, so another client can slip in between. `none`: not at all.
 */
export type Guarantee = 'atomic' | 'leased' | 'checked' | 'none'
export type GuardedOperation = 'create' | 'replace' | 'remove' | 'commit' | 'copy'
export type Guarantees = Readonly<Record<GuardedOperation, Guarantee>>

export interface ProbeOptions extends CallOptions {
  /** The prefix below which it tries things. */
  readonly scratch: string
  /**
   * Does a step anew, after a pause, while it fails with what passes by itself; its last failure is thrown. A moment's failure must not become a finding, which is
   * believed until the next probe. A step may have acted before it failed: let each try work on keys of its own. Absent: once.
   */
  readonly again?: <T>(step: () => Promise<T>) => Promise<T>
}

export interface StorageProvider extends AsyncDisposable {
  /** What this opened remote guarantees: measured by `probe` or taken from an earlier probe's report. */
  readonly guarantees: Guarantees
  /** False where a listing does not show zero-byte objects whose key ends in `/`: empty folders are then unknown. */
  readonly listsFolders: boolean

  /** Pages in ascending UTF-8 byte order of the key. Complete, or it throws: never a silent end. Nor does a key lack before one that was yielded: after a failure core goes on behind that. Removal claims (tombstones) are not shown. */
  list(range: ListRange, options: CallOptions): AsyncIterable<readonly ObjectInfo[]>
  /** How many keys one answer brings, where a listing takes a round trip for each, and can begin at any key: then several ranges are asked for at once, and many named paths are listed across. */
  readonly listPage?: number
  /** Milliseconds that the quickest answer took so far, where it is measured: several ranges pay on a far store only. */
  readonly quickest?: number | undefined
  /** With metadata; undefined if there is no such object. */
  head(key: string, options: HeadOptions): Promise<ObjectInfo | undefined>
  /** The body ends early only by throwing. It must be read to the end or returned from. */
  read(key: string, options: ReadOptions): Promise<ObjectBody>
  /** Stores all bytes of the source under the key or changes nothing; verifies `source.digests` where the store can. The result carries no metadata. */
  write(key: string, source: ByteSource, options: WriteOptions): Promise<ObjectInfo>
  /** `precondition-failed` if another version is there, `not-found` if none is. */
  remove(key: string, options: CallOptions & { readonly expect: Version }): Promise<void>

  /** Tries what this remote honours, under a scratch prefix that it cleans up. Needs the right to write. */
  probe?(options: ProbeOptions): Promise<ProbeReport>
  /** Makes everything that was written so far survive a power cut. Absent where the answer to a write means that already. */
  flush?(options: CallOptions): Promise<void>
  /** Copies on the server under conditions on both ends, atomically for the destination. The member is the capability. */
  readonly copy?: (
    from: { readonly key: string; readonly version: Version },
    to: string,
    options: WriteOptions & { readonly size: number },
  ) => Promise<ObjectInfo>
  /** From this many bytes on a copy is cheaper than sending the content; 128 KiB where it is absent. */
  readonly copyWorthwhile?: number
  /** Uploads in parts. */
  readonly uploads?: Uploads
  /** Earlier versions, where the store keeps them. The member is the capability. */
  readonly history?: History
}

export interface History {
  /** Reads a version that was overwritten or removed since, or is there still; `not-found` if the store has not kept it. */
  read(key: string, options: CallOptions & { readonly version: Version }): Promise<ObjectBody>
}

export interface ObjectBody {
  readonly info: ObjectInfo
  readonly body: AsyncIterable<Uint8Array>
  /** All that `body` yields, where the provider has it at hand: small objects are read without a stream then. */
  readonly bytes?: Uint8Array
}

/** What a probe found; plain data, kept in `.lsync/remote.yaml` and given back to `open` as `known`. */
export interface ProbeReport {
  readonly guarantees: Guarantees
  readonly listsFolders: boolean
  /** The store's clock minus ours, in milliseconds. */
  readonly clockSkew?: number
  /** True where the store keeps earlier versions. */
  readonly versioning?: boolean
  /** What else the provider wants to be told when it is opened again; nobody but it reads them. */
  readonly traits?: Readonly<Record<string, string>>
  readonly findings: readonly ProbeFinding[]
}

export interface ProbeFinding {
  /** Short and stable, for scripts: `conditional-create`, `conditional-remove`, `versioning`, `clock`, … */
  readonly check: string
  readonly ok: boolean
  /** One sentence for a person: what was found and what follows from it. */
  readonly message: string
}

export interface Uploads {
  /** From this many bytes on an upload in parts is worth its requests; below, `write`. */
  readonly worthwhile: number
  /**
   * The part size, in bytes, of a file of so many bytes, where a provider has use for the CRC-32 of parts: core computes them while it reads the file for
   * its sha256, and gives `put` each as `digests.crc32`. So a part is the bytes that were hashed, or is refused, and need not be read for a checksum again.
   */
  readonly crc32PartSize?: (size: number) => number
  /** `expect` is given here and enforced by `commit`. */
  begin(key: string, options: UploadOptions): Promise<UploadSession>
  /**
   * Continues an upload of this or another process. `upload-lost` if the store has forgotten it, as after its end: whether that was a commit,
   * core finds out. A store that can tell a finished upload gives a session that misses nothing, whose `commit` says what became of it.
   */
  resume(token: UploadToken, options: ResumeOptions): Promise<UploadSession>
  /** Uploads below this remote that were begun and not finished, whoever began them. */
  listPending(options: CallOptions): AsyncIterable<PendingUpload>
}

export interface UploadOptions extends WriteOptions {
  readonly size: number
  /** Of the whole. */
  readonly digests: Digests
}

export interface ResumeOptions extends CallOptions {
  /** What it was begun with, for core's rule on lost answers. A provider needs the token alone. */
  readonly begun?: Omit<UploadOptions, 'signal'> & { readonly key: string }
}

/** A part that the store has. */
export interface StoredPart {
  readonly range: ByteRange
  /** What the store vouches for of these bytes; may be empty. */
  readonly digests: Digests
}

/** Plain data: enough for another process to continue. Never a secret. */
export type UploadToken = Readonly<Record<string, string | number>>

export interface PendingUpload {
  readonly key: string
  readonly token: UploadToken
  /** Milliseconds since the epoch; absent where the store does not tell, which is no age. */
  readonly begun?: number
}

/** Half-open: `from` inclusive, `to` exclusive, in bytes. */
export interface ByteRange {
  readonly from: number
  readonly to: number
}

export interface UploadSession {
  /** May grow with the upload: core notes it again after a part that changed it. An older one must do too. */
  readonly token: UploadToken
  /** Every part but the last has exactly this size. */
  readonly partSize: number
  /** False where parts must be sent one after the other. */
  readonly parallel: boolean
  /** The parts that the store does not have yet, ascending; each is at most `partSize` long. */
  missing(options: CallOptions): Promise<readonly ByteRange[]>
  /** The parts that the store has, where it tells their digests: before going on, a client compares them with what it would send now. */
  readonly stored?: (options: CallOptions) => Promise<readonly StoredPart[]>
  /** `source` holds exactly the bytes of the range. A part that is there already is replaced. */
  put(range: ByteRange, source: ByteSource, options: CallOptions): Promise<void>
  /** The object appears whole, under the condition given at `begin`. May be called again after an ambiguous failure. */
  commit(options: CallOptions): Promise<ObjectInfo>
  /** Idempotent. */
  abort(options: CallOptions): Promise<void>
}

/** Settings of one remote: from the repository's and the user's configuration; values are strings as written there. */
export type RemoteSettings = Readonly<Record<string, string>>

export interface OpenOptions extends CallOptions {
  /** The report of an earlier probe of this remote, if there is one. Where the URL does not name the server, it may have been another one: note it in `traits`. */
  readonly known?: ProbeReport
  readonly settings: RemoteSettings
  /** The environment, given so that no provider reads the process by itself. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Set by `init`: a store whose root is a mere folder makes it if it is not there yet. */
  readonly create?: boolean
  /** A hint: how many requests core will have in flight at most. */
  readonly concurrency: number
  /** One line for a log; never a secret. */
  readonly onNotice?: (message: string) => void
}

/** What the module that a plugin declares exports as `default`. Loading it must not load an SDK; only `open` does. */
export interface ProviderModule {
  readonly contract: number
  readonly scheme: string
  /** Settings it understands beside the URL, with a line of help each; others are refused by name. */
  readonly settings: Readonly<Record<string, string>>
  /** Checks and normalises a remote URL without touching the network; `bad-remote` if it makes no sense. Not a web URL: `#` and `?` are ordinary. */
  normalize(url: string, base: { readonly folder: string }): string
  /** Opens the remote and checks that it can be reached; `no-remote` if there is none. */
  open(url: string, options: OpenOptions): Promise<StorageProvider>
  /** True if the two normalised URLs overlap (the same, or one within the other). */
  overlaps(a: string, b: string): boolean
  /** The local folder this remote is, links resolved, for a remote on this machine's disk: a repository may not contain it, nor lie in it. */
  localFolder?(url: string): string | undefined
}
