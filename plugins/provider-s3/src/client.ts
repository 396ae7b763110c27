import type { S3Client } from '@aws-sdk/client-s3'
import type { Connections } from '@lsync/http'
import type { Credentials } from './credentials.ts'
import { addressOf, type Service } from './endpoint.ts'
import { PATIENCE } from './patience.ts'
import { requestHandler } from './sdk.ts'

/** The SDK's client for the rare operations, on our connections, with our credentials, one attempt a call. */
export async function makeClient(
  connections: Connections,
  credentials: () => Promise<Credentials>,
  service: Service,
): Promise<S3Client> {
  const { S3Client: Client } = await import('@aws-sdk/client-s3')
  return new Client({
    region: service.region,
    credentials,
    // Always said, so that both ways lead to the same place.
    endpoint: addressOf(service).href,
    // In the address already; said twice, the SDK refuses it.
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    forcePathStyle: service.pathStyle,
    maxAttempts: 1,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: requestHandler(connections, PATIENCE),
  })
}
