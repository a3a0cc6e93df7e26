import type { QueryError } from "../errors.ts"
import type { PinnedTable, QueryLimits, SqlAnswer } from "../types.ts"

/** A statement that passed the gate. */
export interface Analysis {
  /** The text to run: the statement, with Pinot's default limit where it names none. */
  readonly sql: string
  /** The tables that it reads, in lower case, each once. */
  readonly tables: readonly string[]
}

export type EngineReply<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: QueryError }

export interface RunRequest {
  /** `Analysis.sql`. */
  readonly sql: string
  readonly tables: readonly PinnedTable[]
  readonly limits: QueryLimits
  /** Aborts when nobody waits for the answer any more: the query is stopped, and answers `timeout`. */
  readonly signal?: AbortSignal
}

/** What runs SQL for the query service. It never throws: whatever a statement does ends as a reply. */
export interface SqlEngine {
  /** Parses one statement and judges it; `deadlineMs` counts from the call. */
  analyze(sql: string, deadlineMs: number): Promise<EngineReply<Analysis>>
  /** Runs a statement that `analyze` let through over the tables that it named. */
  run(request: RunRequest): Promise<EngineReply<SqlAnswer>>
  close(): Promise<void>
}
