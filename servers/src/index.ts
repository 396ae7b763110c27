export { ensureBuilt, MINIO, ServerMissing, VERSITYGW, type Build } from './builds.ts'
export {
  startDelayProxy,
  type Cut,
  type DelayProxy,
  type DelayProxyOptions,
  type Line,
} from './delay-proxy.ts'
export type { Endpoint } from './endpoint.ts'
export {
  conflict,
  internalError,
  slowDown,
  type Fault,
  type FaultRule,
  type InjectedFault,
} from './faulty-s3/faults.ts'
export type { Operation } from './faulty-s3/operations.ts'
export type { S3Request } from './faulty-s3/request.ts'
export {
  startFaultyS3,
  type FaultyS3,
  type FaultyS3Options,
  type LogEntry,
} from './faulty-s3/server.ts'
export { createBucket, startMinio, startVersitygw, type Server } from './server.ts'
