import type { LogErrorCode } from "../log/errors.ts"
import type { JobErrorCode } from "../processing/jobs/job-error.ts"
import type { QueryErrorCode } from "../serving/errors.ts"
import type { TableErrorCode } from "../serving/tables/table-error.ts"
import type { StorageErrorCode } from "../storage/errors.ts"
import type { ApiErrorCode } from "./errors.ts"

/** How a failure looks from outside. */
export interface ErrorForm {
  readonly status: number
  /** Kafka REST's `error_code`: its own where it has one, else the status or the status with two digits. */
  readonly errorCode: number
  /** `Retry-After`, seconds: the same request may succeed then. */
  readonly retryAfter?: number
}

const form = (status: number, errorCode: number, retryAfter?: number): ErrorForm =>
  retryAfter === undefined ? { status, errorCode } : { status, errorCode, retryAfter }

const api: Record<ApiErrorCode, ErrorForm> = {
  malformed: form(400, 400),
  invalid: form(422, 422),
  unauthenticated: form(401, 40101),
  forbidden: form(403, 40301),
  no_such_route: form(404, 404),
  method_not_allowed: form(405, 405),
  unknown_table: form(404, 404),
  unknown_schema: form(404, 404),
  unknown_segment: form(404, 404),
  unknown_query: form(404, 404),
  unknown_result: form(404, 404),
  unknown_key: form(404, 404),
  not_offered: form(404, 404),
  too_many_keys: form(409, 40905),
  unknown_instance: form(404, 40403),
  instance_exists: form(409, 40902),
  illegal_state: form(409, 40903),
  invalid_consumer: form(422, 42204),
  consumer_constraint: form(422, 40001),
  quota_exceeded: form(429, 42903, 1),
  growth_refused: form(409, 40906),
  not_acceptable: form(406, 40601),
  not_representable: form(406, 40602),
  body_too_large: form(413, 413),
  unsupported_media_type: form(415, 415),
  unsupported_encoding: form(415, 415),
  foreign_host: form(403, 403),
  foreign_origin: form(403, 403),
  issuer_unavailable: form(503, 50304, 1),
  busy: form(503, 50301, 1),
  closing: form(503, 50302, 1),
}

const log: Record<LogErrorCode, ErrorForm> = {
  unknown_topic: form(404, 40401),
  topic_deleted: form(404, 40401),
  unknown_partition: form(404, 40402),
  offset_out_of_range: form(404, 40406),
  topic_exists: form(409, 40902),
  topic_being_deleted: form(409, 40903),
  managed_by_app: form(409, 40904),
  duplicate: form(409, 40911),
  gap: form(409, 40912),
  sequence_conflict: form(409, 40913),
  fenced: form(403, 40303),
  record_too_large: form(413, 413),
  malformed_json: form(400, 400),
  invalid_record: form(422, 42214),
  invalid_topic: form(422, 42210),
  corrupt_batch: form(422, 42211),
  not_one_partition: form(422, 42212),
  invalid_producer: form(422, 42213),
  too_many_in_flight: form(429, 42902, 1),
  outcome_unknown: form(503, 50311, 1),
  overloaded: form(503, 50301, 1),
  log_damaged: form(500, 50002),
  unknown_group: form(404, 40405),
  unknown_member: form(404, 40403),
  fenced_member: form(409, 40941),
  group_in_use: form(409, 40942),
  invalid_group: form(422, 42241),
  group_too_large: form(422, 42242),
  unknown_transaction: form(404, 40451),
  invalid_transaction: form(409, 40951),
  transaction_too_large: form(413, 413),
  compaction_needs_key: form(422, 42243),
}

const storage: Record<StorageErrorCode, ErrorForm> = {
  unavailable: form(503, 50303, 1),
  too_large: form(500, 50002),
  invalid: form(500, 50002),
  folder_in_use: form(500, 50002),
  folder_unusable: form(500, 50002),
  unknown_format: form(500, 50002),
  corrupt: form(500, 50002),
}

/** All but the first are answered inside a 200; a stray one is a failure of ours. */
const query: Record<QueryErrorCode, ErrorForm> = {
  too_many_requests: form(429, 42901, 1),
  sql_parsing: form(500, 500),
  table_does_not_exist: form(500, 500),
  unknown_column: form(500, 500),
  query_validation: form(500, 500),
  query_execution: form(500, 500),
  timeout: form(500, 500),
  cancelled: form(500, 500),
  resource_limit: form(500, 500),
  tail_too_long: form(500, 500),
}

const job: Record<JobErrorCode, ErrorForm> = {
  unknown_job: form(404, 404),
  unknown_savepoint: form(404, 404),
  job_exists: form(409, 40921),
  job_changing: form(409, 40922, 1),
  wrong_state: form(409, 40923),
  savepoint_exists: form(409, 40924),
  savepoint_misfit: form(409, 40925),
  outcome_unknown: form(503, 50311, 1),
}

const table: Record<TableErrorCode, ErrorForm> = {
  unknown_table: form(404, 404),
  table_exists: form(409, 40931),
  table_being_dropped: form(409, 40932, 1),
  alteration_refused: form(409, 40933),
  managed_by_app: form(409, 40904),
  invalid_table: form(422, 42231),
  invalid_purge: form(422, 42232),
  too_many_purges: form(409, 40934),
  outcome_unknown: form(503, 50311, 1),
}

/** Every code of every error family, by the family's name: the one place that turns failures into statuses. */
export const errorTable = {
  ApiError: api,
  LogError: log,
  JobError: job,
  StorageError: storage,
  QueryError: query,
  TableError: table,
} as const

/** What a failure without a family looks like: a fault of ours, whose words stay inside. */
export const unexpectedForm: ErrorForm = form(500, 500)
