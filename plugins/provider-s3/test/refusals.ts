import type { FaultRule, S3Request } from '@lsync/servers'

/** As Alibaba OSS answers to a condition of a write, whatever it says. */
export const refusesConditions: FaultRule<S3Request> = {
  fault: { kind: 'refuse', status: 501, code: 'NotImplemented' },
  match: ({ method, headers }) =>
    !['GET', 'HEAD'].includes(method) &&
    (headers['if-match'] !== undefined || headers['if-none-match'] !== undefined),
}

/** The same on removals alone. */
export const refusesRemovals: FaultRule<S3Request> = {
  fault: { kind: 'refuse', status: 501, code: 'NotImplemented' },
  match: ({ method, headers }) => method === 'DELETE' && headers['if-match'] !== undefined,
}

/** As Backblaze B2 answers to all that is about checksums. */
export const refusesChecksums: FaultRule<S3Request> = {
  fault: { kind: 'refuse', status: 400, code: 'InvalidArgument' },
  match: ({ headers }) => Object.keys(headers).some((name) => name.startsWith('x-amz-checksum-')),
}
