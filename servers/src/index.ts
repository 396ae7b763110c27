export { ensureBuilt, MINIO, ServerMissing, VERSITYGW, type Build } from './builds.ts'
export { createBucket, startMinio, startVersitygw, type Server } from './server.ts'
