/** A refusal, in S3's own codes. It is thrown by whatever finds the reason, and becomes the answer. */
export class S3Error extends Error {
  override readonly name = 'S3Error'
  readonly status: number
  readonly code: string
  readonly headers: Readonly<Record<string, string>>
  /** Further elements of the answer. */
  readonly details: Readonly<Record<string, string>>

  constructor(
    status: number,
    code: string,
    message: string,
    more: {
      readonly headers?: Readonly<Record<string, string>>
      readonly details?: Readonly<Record<string, string>>
    } = {},
  ) {
    super(message)
    this.status = status
    this.code = code
    this.headers = more.headers ?? {}
    this.details = more.details ?? {}
  }
}

export function noSuchKey(key: string): S3Error {
  return new S3Error(404, 'NoSuchKey', 'The specified key does not exist.', {
    details: { Key: key },
  })
}

export function noSuchUpload(uploadId: string): S3Error {
  return new S3Error(404, 'NoSuchUpload', 'The specified multipart upload does not exist.', {
    details: { UploadId: uploadId },
  })
}

export function preconditionFailed(condition: string): S3Error {
  return new S3Error(
    412,
    'PreconditionFailed',
    'At least one of the preconditions you specified did not hold.',
    { details: { Condition: condition } },
  )
}

export function invalidArgument(name: string, value: string): S3Error {
  return new S3Error(400, 'InvalidArgument', `${name} cannot be ${value}.`, {
    details: { ArgumentName: name, ArgumentValue: value },
  })
}

export function invalidRequest(message: string): S3Error {
  return new S3Error(400, 'InvalidRequest', message)
}

export function malformedXml(): S3Error {
  return new S3Error(
    400,
    'MalformedXML',
    'The XML you provided was not well-formed or did not validate.',
  )
}

/** Said rather than ignored: what is passed over in silence would make tests pass for the wrong reason. */
export function notImplemented(what: string): S3Error {
  return new S3Error(501, 'NotImplemented', `${what} is not implemented here.`)
}
