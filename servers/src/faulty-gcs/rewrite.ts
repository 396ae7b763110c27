import { randomUUID } from 'node:crypto'
import { checkConditions, number } from './conditions.ts'
import type { Handler } from './context.ts'
import { GcsError, noSuchObject } from './errors.ts'
import { jsonAnswer, parseResource, resourceOf, settableOf } from './resources.ts'
import { checkName, type Rewrite } from './store.ts'

/**
 * A copy, in as many calls as it takes. Each call is judged by the conditions and the resource that it brings itself: who leaves them out of the
 * last one copies without conditions.
 */
export const rewriteObject: Handler = (context, request, body) => {
  const { store, honours, rewriteSize, now } = context
  const { bucket: from, key, query, destination = { bucket: '', key: '' } } = request
  const source = store.bucket(from).get(key)
  const to = store.bucket(destination.bucket)
  const generation = number(query, 'sourceGeneration')
  if (source === undefined || (generation !== undefined && generation !== source.generation))
    throw noSuchObject(from, key)
  checkName(destination.key)
  if (honours.conditionalRewrite) {
    checkConditions(query, source, { prefix: 'ifSource' })
    checkConditions(query, to.get(destination.key))
  }
  const names = {
    source: `${from}/${key}`,
    destination: `${to.name}/${destination.key}`,
    generation: source.generation,
  }
  const token = query.get('rewriteToken')
  const rewrite: Rewrite | undefined =
    token === undefined ? { ...names, done: 0 } : to.rewrites.get(token)
  if (
    rewrite === undefined ||
    rewrite.source !== names.source ||
    rewrite.destination !== names.destination ||
    rewrite.generation !== names.generation
  )
    throw new GcsError(410, 'gone', 'The rewrite token is no longer available.')
  const size = source.bytes.length
  rewrite.done = Math.min(rewrite.done + rewriteSize, size)
  const progress = {
    kind: 'storage#rewriteResponse',
    totalBytesRewritten: String(rewrite.done),
    objectSize: String(size),
    done: rewrite.done === size,
  }
  if (rewrite.done < size) {
    const next = token ?? randomUUID()
    to.rewrites.set(next, rewrite)
    return jsonAnswer(request, { ...progress, rewriteToken: next })
  }
  if (token !== undefined) to.rewrites.delete(token)
  const resource = parseResource(body.toString())
  // Without a resource the source's metadata goes along; with one, that alone counts.
  const said = Object.keys(resource).length === 0 ? source.said : settableOf(resource)
  const made = to.make(destination.key, Buffer.from(source.bytes), said, now())
  return jsonAnswer(request, { ...progress, resource: resourceOf(to.name, destination.key, made) })
}
