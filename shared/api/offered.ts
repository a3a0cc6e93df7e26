import type { DeadLetters, KeyStore } from "./auth/types.ts"
import type { RestConsumers } from "./consumers/rest-consumers.ts"
import { ApiError } from "./errors.ts"
import type { ApiServices, JobService, SchemaStore, TableDirectory } from "./types.ts"

/** Throws ApiError `not_offered`. */
export function keysOf({ keys }: Pick<ApiServices, "keys">): KeyStore {
  if (keys !== undefined) return keys
  throw new ApiError(
    "not_offered",
    "This deployment has no keys: its callers prove themselves in other ways.",
  )
}

/** Throws ApiError `not_offered`. */
export function consumersOf({ consumers }: Pick<ApiServices, "consumers">): RestConsumers {
  if (consumers !== undefined) return consumers
  throw new ApiError("not_offered", "This server keeps no consumer instances.")
}

/** Throws ApiError `not_offered`. */
export function deadLettersOf({ deadLetters }: Pick<ApiServices, "deadLetters">): DeadLetters {
  if (deadLetters !== undefined) return deadLetters
  throw new ApiError("not_offered", "This server has no dead letters: it sets nothing aside.")
}

/** Throws ApiError `not_offered`. */
export function jobsOf({ jobs }: Pick<ApiServices, "jobs">): JobService {
  if (jobs !== undefined) return jobs
  throw new ApiError("not_offered", "This server runs no jobs.")
}

/** Throws ApiError `not_offered`. */
export function tablesOf({ tables }: Pick<ApiServices, "tables">): Required<TableDirectory> {
  const { view, segments, define, drop, purge } = tables
  if (![view, segments, define, drop, purge].includes(undefined)) return tables as Required<TableDirectory>
  throw new ApiError("not_offered", "This server's tables are made by its app alone.")
}

/** Throws ApiError `not_offered`. */
export function schemasOf({ schemas }: Pick<ApiServices, "schemas">): SchemaStore {
  if (schemas !== undefined) return schemas
  throw new ApiError("not_offered", "This server takes no schemas.")
}
