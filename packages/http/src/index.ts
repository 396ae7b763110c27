export { bytesOf, drain, refusalText, releasedOnReturn } from './answers.ts'
export { clockFinding, clockSkew } from './clock.ts'
export {
  connect,
  type Connection,
  type Connections,
  type ConnectOptions,
  type Limits,
} from './connection.ts'
export { connectionError } from './connection-error.ts'
export { exactBytes, otherSize } from './exact-bytes.ts'
export type { Answer, AnswerBody, Outgoing } from './exchange.ts'
export { knownAt } from './known-at.ts'
export {
  absentInstead,
  isMarkup,
  isPage,
  isRefusalPage,
  ledElsewhere,
  mayBePage,
  pageInstead,
} from './not-the-store.ts'
export { ProbeSteps } from './probe-steps.ts'
export { bodyOf, type RequestBody } from './request-body.ts'
export { retryAfter } from './retry-after.ts'
export { comingRound } from './rounds.ts'
