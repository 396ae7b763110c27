/** Which names a disk takes for one another. */
export interface Folding {
  /** `a` and `A` are one name. */
  readonly case: boolean
  /** Composed and decomposed characters (`é` as one code point or two) are one name. */
  readonly form: boolean
  /** The disk gives names back in another form than they were given: keys are in the composed one then. */
  readonly rewrites: boolean
}

export const NO_FOLDING: Folding = { case: false, form: false, rewrites: false }

/** Names that the disk may take for one another fold to the same text. It folds no less than the disks that we know. */
export function foldName(name: string, { case: ofCase, form }: Folding): string {
  if (ofCase) return name.normalize('NFD').toUpperCase().toLowerCase().normalize('NFD')
  return form ? name.normalize('NFD') : name
}

/** The key's name for a name on the disk. */
export function keyName(name: string, { rewrites }: Folding): string {
  return rewrites ? name.normalize('NFC') : name
}

const FOLDS_ALL: Folding = { case: true, form: true, rewrites: false }

/**
 * True for names that some disk takes for `.lsync`: by case, by letters that fold to another (`ſ` to `s`), or by characters that it leaves out.
 */
export function isReservedName(name: string): boolean {
  if (name.length === RESERVED.length && name.toLowerCase() === RESERVED) return true
  if (name.length < RESERVED.length || ASCII.test(name)) return false
  return foldName(name.replaceAll(UNSEEN, ''), FOLDS_ALL) === RESERVED
}

export const RESERVED = '.lsync'
const ASCII = /^[\u0020-\u007e]*$/
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\p{Cf}]/gu
