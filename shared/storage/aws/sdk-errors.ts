import { StorageError } from "../errors.ts"
import { invalid, tooLarge } from "../meta-checks.ts"
import type { RefusalReason } from "../outcome.ts"
import { ExpiredRequest } from "./dated-handler.ts"

/** Refused for load, before anything was done. */
const THROTTLES = new Set([
  "ThrottlingException",
  "ThrottlingError",
  "Throttling",
  "ProvisionedThroughputExceededException",
  "ProvisionedThroughputExceeded",
  "RequestLimitExceeded",
  "TooManyRequestsException",
  "SlowDown",
])

/** Another write to the same item or key is under way; this one was not applied. */
const CONFLICTS = new Set([
  "TransactionConflictException",
  "TransactionConflict",
  "ConditionalRequestConflict",
  "OperationAborted",
])

/** The signature's time is not the service's: refused, and the SDK has set its clock by the response. */
const SKEWS = new Set(["RequestTimeTooSkewed", "RequestExpired"])
const SKEWED_SIGNATURE = /signature (?:expired|not yet current)/i

/** Nothing that a repetition could mend. */
const LASTING = new Set([
  "ValidationException",
  "ResourceNotFoundException",
  "NoSuchBucket",
  "AccessDenied",
  "AccessDeniedException",
  "InvalidBucketName",
  "PermanentRedirect",
])

/** The call broke a limit or a rule that the checks before it do not know. */
const BROKEN_RULES = new Set([
  "ValidationException",
  "ValidationError",
  "IdempotentParameterMismatchException",
  "EntityTooLarge",
])
const BROKEN_SIZE = /size|too large|exceed/i

/** An error's code, by which AWS tells errors apart. */
export function codeOf(error: unknown): string {
  return error instanceof Error ? error.name : ""
}

/** Why a write was refused, if this code or error says that it was (conditions apart); else it may have been applied. */
export function refusalOf(error: unknown): RefusalReason | undefined {
  if (error instanceof ExpiredRequest) return "expired"
  const code = codeOf(error)
  if (SKEWS.has(code) || (error instanceof Error && SKEWED_SIGNATURE.test(error.message))) return "throttled"
  return refusalOfCode(code)
}

export function refusalOfCode(code: string | undefined): RefusalReason | undefined {
  if (code === undefined) return undefined
  if (THROTTLES.has(code)) return "throttled"
  return CONFLICTS.has(code) ? "conflict" : undefined
}

/** @throws StorageError `invalid` or `too_large`, where the code says that the call was wrong */
export function throwBrokenRule(code: string | undefined, message: string | undefined): void {
  if (code === undefined || !BROKEN_RULES.has(code)) return
  const text = `${code}: ${message}`
  throw code === "EntityTooLarge" ||
    (code !== "IdempotentParameterMismatchException" && BROKEN_SIZE.test(text))
    ? tooLarge(text)
    : invalid(text)
}

/** What a failed read is thrown as. */
export function readError(what: string, cause: unknown): StorageError {
  if (cause instanceof StorageError) return cause
  const code = codeOf(cause)
  const message = `${what}: ${code}: ${cause instanceof Error ? cause.message : String(cause)}`
  return new StorageError(LASTING.has(code) ? "invalid" : "unavailable", message, { cause })
}
