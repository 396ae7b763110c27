/** The files of a tree: path → content. */
export type Tree = ReadonlyMap<string, string>

/** Where content lies now: in the clients' trees and on the store. */
export interface Whereabouts {
  /** True if anybody but this client has this content at this path. */
  elsewhere(client: string, path: string, content: string): boolean
  /** True if it lies anywhere at all, trash and staging included. */
  anywhere(content: string): boolean
}

/** A place where a person relies on a content. */
interface Reliance {
  /** Clients on whose disk it lay there at a moment when their person acted: those know of it. */
  readonly seen: Set<string>
}

/**
 * What people did, and which content must therefore be there in the end.
 *
 * A content is owed as long as somebody relies on it somewhere. A person who writes, copies or renames relies on it at the new path. Who takes it
 * away while another copy lies in the same tree relies on that copy. Who takes the last copy of their own tree away ends all
 * reliance that they could know of; reliance that others made where this person never saw it stays.
 */
export class History {
  readonly #owed = new Map<string, Map<string, Reliance>>()
  /** Contents whose last copy in a tree was ever taken away by a person. */
  readonly #givenUp = new Set<string>()
  /** Where that was, as path and content. */
  readonly #removedAt = new Set<string>()
  readonly #whereabouts: Whereabouts
  /** Each action of a person, for a reader. */
  readonly log: string[] = []
  #written = 0

  constructor(whereabouts: Whereabouts) {
    this.#whereabouts = whereabouts
  }

  /** A content that nobody has written before, in one of a few sizes, so that equal sizes prove nothing. */
  newContent(long: boolean): string {
    const name = `content-${(++this.#written).toString().padStart(4, '0')}`
    return long ? `${name} ${'x'.repeat(40)}\n` : name
  }

  /** Contents that must be live in the end. */
  get owed(): readonly string[] {
    return [...this.#owed.keys()]
  }

  placesOf(content: string): readonly string[] {
    return [...(this.#owed.get(content)?.keys() ?? [])]
  }

  /** A person did something at once that turned one tree into the other. */
  acted(client: string, what: string, before: Tree, after: Tree): void {
    this.log.push(`${client} ${what}`)
    for (const [path, content] of before)
      for (const place of placesSeenAt(path)) this.#owed.get(content)?.get(place)?.seen.add(client)
    const held = new Set(after.values())
    const appeared = [...after].filter(([path, content]) => before.get(path) !== content)
    const gone = [...before].filter(([path, content]) => after.get(path) !== content)
    for (const [path, content] of appeared)
      // Made anew where somebody removed it, it is what was removed: no content tells the two apart.
      if (!this.#removedAt.has(`${path}\0${content}`)) this.#rely(content, path, client)
    for (const [path, content] of gone)
      if (held.has(content)) this.#move(client, path, content, before, after)
      else this.#giveUp(client, path, content)
    for (const [, content] of gone)
      if (this.#owed.get(content)?.size === 0) this.#owed.delete(content)
  }

  /** The power failed on a client: what only its unflushed disk held was taken by that, by nobody else. */
  powerFailed(client: string, before: Tree, after: Tree): void {
    this.log.push(`${client} loses its power`)
    const owedBefore = new Set(this.#owed.keys())
    for (const [path, content] of before) {
      const places = this.#owed.get(content)
      if (places === undefined || after.get(path) === content) continue
      if (this.#whereabouts.elsewhere(client, path, content)) continue
      places.delete(path)
    }
    // What a change had hidden and the cut brings back is owed again, unless somebody has given it up meanwhile.
    for (const [path, content] of after)
      if (owedBefore.has(content) && before.get(path) !== content && !this.#givenUp.has(content))
        this.#rely(content, path, client)
    for (const [content, places] of this.#owed)
      if (places.size === 0 || !this.#whereabouts.anywhere(content)) this.#owed.delete(content)
  }

  #rely(content: string, path: string, client: string): void {
    // Nobody can tell one empty file from another, so nothing is owed of them.
    if (content === '') return
    const places = this.#owed.get(content) ?? new Map<string, Reliance>()
    this.#owed.set(content, places)
    const place = places.get(path)
    if (place === undefined) places.set(path, { seen: new Set([client]) })
    else place.seen.add(client)
  }

  /** It left this path, but not the tree: the person relies on the copies that stay. */
  #move(client: string, from: string, content: string, before: Tree, after: Tree): void {
    const places = this.#owed.get(content)
    if (places === undefined) return
    for (const place of placesSeenAt(from)) {
      const left = places.get(place)
      if (left === undefined) continue
      places.delete(place)
      // A copy that nobody else ever got may come and go: the others owe as much as before.
      if (!this.#whereabouts.elsewhere(client, place, content)) continue
      for (const [path, other] of after) {
        if (other !== content) continue
        this.#rely(content, path, client)
        // Who knew the one copy is taken to know the other; but a place that came to be by this action is news to all.
        if (before.get(path) !== content) continue
        for (const one of left.seen) places.get(path)?.seen.add(one)
      }
    }
  }

  #giveUp(client: string, from: string, content: string): void {
    this.#givenUp.add(content)
    this.#removedAt.add(`${from}\0${content}`)
    const places = this.#owed.get(content)
    if (places === undefined) return
    for (const [path, { seen }] of places)
      // A reliance on a copy that is there no more was moved on by lsync, and was seen where it went.
      if (seen.has(client) || !this.#whereabouts.elsewhere(client, path, content))
        places.delete(path)
  }
}

/** Whoever sees a conflict copy knows of what lay at the path that it stands beside. */
function placesSeenAt(path: string): ReadonlySet<string> {
  return new Set([path, path.replaceAll(/ \(conflict, [^)]*\)/g, '')])
}
