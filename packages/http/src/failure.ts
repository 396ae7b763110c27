/** Why there is no answer, where the system has no code of its own for it. */
export class ConnectionFailure extends Error {
  readonly code: 'CONNECT_TIMEOUT' | 'SILENT' | 'CLOSED' | 'BAD_ANSWER' | 'BAD_REQUEST'

  constructor(code: ConnectionFailure['code'], message: string) {
    super(message)
    this.code = code
  }
}

export function closed(): ConnectionFailure {
  return new ConnectionFailure('CLOSED', 'the other side closed the connection')
}
