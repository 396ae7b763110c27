import type { Handler } from './context.ts'
import { jsonAnswer, parseResource } from './resources.ts'
import type { Bucket } from './store.ts'

export const insertBucket: Handler = ({ store, now }, request, body) => {
  const { name } = parseResource(body.toString())
  return jsonAnswer(request, resourceOfBucket(store.create(String(name), now())))
}

export const getBucket: Handler = ({ store }, request) =>
  jsonAnswer(request, resourceOfBucket(store.bucket(request.bucket)))

/** Earlier generations are never kept. */
function resourceOfBucket({ name, created }: Bucket): Record<string, unknown> {
  return {
    kind: 'storage#bucket',
    id: name,
    name,
    location: 'US',
    storageClass: 'STANDARD',
    metageneration: '1',
    timeCreated: new Date(created).toISOString(),
    versioning: { enabled: false },
  }
}
