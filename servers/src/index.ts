export { ensureBuilt, MINIO, ServerMissing, VERSITYGW, type Build } from './builds.ts'
export { createBucket, startMinio, startVersitygw, type Server } from './server.ts'
export { startFaultyS3, type Fault, type FaultyS3, type FaultyS3Options, type SeenRequest } from './faulty/server.ts'
