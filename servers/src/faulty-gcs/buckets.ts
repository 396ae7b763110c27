import type { Handler } from './context.ts'
import { jsonAnswer, parseResource } from './resources.ts'
import type { Bucket } from './store.ts'

export const insertBucket: Handler = ({ store, now }, request, body) => {
  const { name, versioning } = parseResource(body.toString())
  const kept = (versioning as { enabled?: unknown } | undefined)?.enabled === true
  return jsonAnswer(request, resourceOfBucket(store.create(String(name), now(), kept)))
}

export const getBucket: Handler = ({ store }, request) =>
  jsonAnswer(request, resourceOfBucket(store.bucket(request.bucket)))

function resourceOfBucket({ name, created, versioning }: Bucket): Record<string, unknown> {
  return {
    kind: 'storage#bucket',
    id: name,
    name,
    location: 'US',
    storageClass: 'STANDARD',
    metageneration: '1',
    timeCreated: new Date(created).toISOString(),
    versioning: { enabled: versioning },
  }
}
