export type ApiErrorCode =
  /** The body is not what its content type says. */
  | "malformed"
  /** A parameter, header or member is unknown, missing or out of its range. */
  | "invalid"
  | "no_such_route"
  | "method_not_allowed"
  | "unknown_table"
  | "unknown_schema"
  | "unknown_segment"
  | "unknown_query"
  | "unknown_result"
  | "unknown_key"
  /** The route's service is not part of this deployment. */
  | "not_offered"
  /** Nobody proved who sends the request. */
  | "unauthenticated"
  /** No scope of the caller includes what the request needs. */
  | "forbidden"
  | "too_many_keys"
  /** No consumer instance has this name, or it was idle for too long. */
  | "unknown_instance"
  | "instance_exists"
  /** The consumer instance reads something of another kind, or nothing. */
  | "illegal_state"
  /** A consumer instance's configuration has a member or value that is not known. */
  | "invalid_consumer"
  /** … or one that is out of bounds. */
  | "consumer_constraint"
  /** The caller, or the topic, has had its share of this second; `detail.retryAfterMs` says when there is more. */
  | "quota_exceeded"
  /** A table or job rests on the number of a topic's partitions. */
  | "growth_refused"
  /** `Accept` names nothing that this route can answer. */
  | "not_acceptable"
  /** A record cannot be shown in the format asked for. */
  | "not_representable"
  | "body_too_large"
  | "unsupported_media_type"
  | "unsupported_encoding"
  /** A page of another site, or a name that is not this machine's, sent the request. */
  | "foreign_host"
  | "foreign_origin"
  /** The tokens' issuer does not tell its keys. */
  | "issuer_unavailable"
  | "busy"
  | "closing"

/** An error of the API's own; those of the log, the stores and the queries keep their families. */
export class ApiError extends Error {
  override readonly name = "ApiError"
  readonly code: ApiErrorCode
  readonly detail: Readonly<Record<string, string | number>>

  constructor(code: ApiErrorCode, message: string, detail: Readonly<Record<string, string | number>> = {}) {
    super(message)
    this.code = code
    this.detail = detail
  }
}
