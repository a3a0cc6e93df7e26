/** What the client itself fails with; a server's failures keep the `reason` of its reply. */
export type ClientErrorCode =
  /** No connection, or it broke: the server may have done what was asked. */
  | "unreachable"
  /** The server took longer than `requestTimeoutMs`. */
  | "request_timeout"
  /** Records were not acknowledged within `deliveryTimeoutMs`; `detail.inDoubt` is 1 where they may have been appended. */
  | "delivery_timeout"
  /** Records wait for memory, and more than `waitingMax` of them. */
  | "buffer_full"
  /** The producer, consumer or transaction was closed, or has failed for good before. */
  | "closed"
  /** An argument or option is wrong. */
  | "invalid"
  /** A batch's checksum or framing is wrong, or a reply is none of the protocol's. */
  | "corrupt_reply"
  /** This platform has no such compression. */
  | "unsupported_codec"
  /** A group has committed nothing, and the consumer was told to begin nowhere else. */
  | "no_offset"
  /** The transaction was aborted: by its time-out, or by whoever took its id over. */
  | "transaction_aborted"

/**
 * A failure of the client, or one that the server told of. `code` is one of `ClientErrorCode` or the server's `reason`, such
 * as `unknown_topic`; the message says what to do.
 */
export class ClientError extends Error {
  override readonly name = "ClientError"
  readonly code: ClientErrorCode | (string & {})
  /** The HTTP status, where a server answered. */
  readonly status: number | undefined
  /** Figures that are needed to go on, as `expected` or `start`. */
  readonly detail: Readonly<Record<string, string | number>>
  /** The same call may succeed later. */
  readonly retriable: boolean

  constructor(
    code: ClientErrorCode | (string & {}),
    message: string,
    options: {
      readonly status?: number
      readonly detail?: Readonly<Record<string, string | number>>
      readonly retriable?: boolean
      readonly cause?: unknown
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.status = options.status
    this.detail = options.detail ?? {}
    this.retriable = options.retriable ?? false
  }
}

/** Failures that pass by themselves: the same request may succeed. */
const PASSING: ReadonlySet<string> = new Set([
  "outcome_unknown",
  "overloaded",
  "too_many_in_flight",
  "too_many_requests",
  "quota_exceeded",
  "storage_unavailable",
  "busy",
  "closing",
  "issuer_unavailable",
])

/** Of those, where nothing was done: the others leave it open. */
const UNDONE: ReadonlySet<string> = new Set([
  "overloaded",
  "too_many_in_flight",
  "too_many_requests",
  "quota_exceeded",
  "busy",
  "closing",
])

/** Whether what failed so may have been done nevertheless, now or later. */
export const isInDoubt = ({ code, retriable }: ClientError): boolean => retriable && !UNDONE.has(code)

/** What a reply, or an entry of one, tells of a failure. */
export interface ErrorForm {
  readonly reason?: string
  readonly message?: string
  readonly error?: string
  readonly error_code?: number
}

/** The error that a server's reply tells of. @param what the request, for the message */
export function serverError(what: string, form: ErrorForm, status?: number): ClientError {
  const { reason, message, error, error_code, ...rest } = form
  const code = reason ?? (status === 404 ? "no_such_route" : `http_${status ?? error_code ?? 0}`)
  const detail = Object.fromEntries(
    Object.entries(rest).filter(([, value]) => typeof value === "number" || typeof value === "string"),
  ) as Record<string, string | number>
  // Without a reason it was not Millrace that answered but what stands before it, which may have lost the answer.
  const failingFrom = reason === undefined ? 500 : 502
  const retriable = PASSING.has(code) || status === 429 || (status !== undefined && status >= failingFrom)
  return new ClientError(code, `${what}: ${message ?? error ?? `status ${status}`}`, {
    status,
    detail,
    retriable,
  })
}

/** Any thrown value as the client's error. */
export function clientError(error: unknown): ClientError {
  if (error instanceof ClientError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new ClientError("invalid", message, { cause: error })
}
