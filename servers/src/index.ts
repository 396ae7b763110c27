export { Clones } from './clones.ts'
export {
  startDelayProxy,
  type Cut,
  type DelayProxy,
  type DelayProxyOptions,
  type Line,
} from './delay-proxy.ts'
export type { Endpoint } from './endpoint.ts'
export {
  type Fault,
  type FaultRule,
  firstOfEachKey,
  type InjectedFault,
  loginPage,
} from './faulty/faults.ts'
export type { LogEntry } from './faulty/server.ts'
export { backendError, rateLimited, sessionGone } from './faulty-gcs/faults.ts'
export type { GcsOperation } from './faulty-gcs/operations.ts'
export type { GcsRequest } from './faulty-gcs/request.ts'
export { startFaultyGcs, type FaultyGcs, type FaultyGcsOptions } from './faulty-gcs/server.ts'
export { conflict, internalError, slowDown } from './faulty-s3/faults.ts'
export type { Operation } from './faulty-s3/operations.ts'
export type { S3Request } from './faulty-s3/request.ts'
export { startFaultyS3, type FaultyS3, type FaultyS3Options } from './faulty-s3/server.ts'
export { CERTIFICATE, KEY } from './certificate.ts'
export { listening, type Listening } from './listening.ts'
export { createBucket, createGcsBucket, startMinio, type Server } from './server.ts'
