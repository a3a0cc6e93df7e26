import { LogError } from "../log/errors.ts"
import { JobError } from "../processing/jobs/job-error.ts"
import { QueryError } from "../serving/errors.ts"
import { TableError } from "../serving/tables/table-error.ts"
import { StorageError } from "../storage/errors.ts"
import { type ErrorForm, errorTable, unexpectedForm } from "./error-table.ts"
import { ApiError } from "./errors.ts"
import type { ApiResponse } from "./types.ts"

/** The form of any thrown value. */
export function errorForm(error: unknown): ErrorForm {
  if (error instanceof ApiError) return errorTable.ApiError[error.code]
  if (error instanceof LogError) return errorTable.LogError[error.code]
  if (error instanceof JobError) return errorTable.JobError[error.code]
  if (error instanceof StorageError) return errorTable.StorageError[error.code]
  if (error instanceof TableError) return errorTable.TableError[error.code]
  if (error instanceof QueryError) return errorTable.QueryError[error.code]
  return unexpectedForm
}

/** In the place of words that are not for strangers. */
const WITHIN = "The server failed on this request; its log tells why."

/**
 * The body of an error: `error_code` and `message` as Kafka REST has them, `reason` (the code's name, for programs),
 * and the figures a client needs to go on (`expected`, `start` …).
 */
export function errorBody(error: unknown): Record<string, string | number> {
  const { status, errorCode } = errorForm(error)
  if (error instanceof ApiError || error instanceof LogError) {
    return { error_code: errorCode, message: error.message, reason: error.code, ...error.detail }
  }
  if (error instanceof StorageError) {
    // What will not pass by itself names roles and files: that is for the log.
    const message = status === 500 ? WITHIN : error.message
    return { error_code: errorCode, message, reason: `storage_${error.code}` }
  }
  if (error instanceof QueryError || error instanceof JobError || error instanceof TableError) {
    return { error_code: errorCode, message: error.message, reason: error.code }
  }
  return {
    error_code: errorCode,
    message: WITHIN,
    reason: "internal",
  }
}

/** What an error says as one of several results, where the reply itself is none: `error` holds the message. */
export function errorEntry(error: unknown): Record<string, string | number> {
  const { message, error_code, ...rest } = errorBody(error)
  return { error_code, error: message, ...rest }
}

/** What its operator has to know of: faults of ours, and a store that does not do its part. */
export function isOurs(error: unknown): boolean {
  const undecided = error instanceof LogError && error.code === "outcome_unknown"
  return undecided || error instanceof StorageError || errorForm(error).status === 500
}

function retryAfterMsOf(error: unknown): number | undefined {
  if (error instanceof QueryError) return error.retryAfterMs
  return error instanceof ApiError && error.code === "quota_exceeded"
    ? Number(error.detail.retryAfterMs)
    : undefined
}

/** Turns any thrown value into the response that tells of it. */
export function errorReply(error: unknown): ApiResponse {
  const { status, retryAfter } = errorForm(error)
  const headers: Record<string, string> = { "content-type": "application/json" }
  const retryAfterMs = retryAfterMsOf(error)
  const retryAfterS = retryAfterMs === undefined ? retryAfter : Math.ceil(retryAfterMs / 1000)
  if (retryAfterS !== undefined) headers["retry-after"] = String(retryAfterS)
  if (error instanceof ApiError && typeof error.detail.allow === "string") headers.allow = error.detail.allow
  // No Basic beside it: browsers would keep a key that they asked for, and send it with other sites' requests too.
  if (status === 401) headers["www-authenticate"] = 'Bearer realm="millrace"'
  return { status, headers, body: JSON.stringify(errorBody(error)) }
}
