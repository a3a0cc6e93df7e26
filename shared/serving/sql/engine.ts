import type { ColumnSpec } from "../../definition/table-spec.ts"
import type { QueryError } from "../errors.ts"
import type { PinnedTable, QueryLimits, SqlAnswer } from "../types.ts"
import type { ParameterValue } from "./parameters.ts"
import type { TreeNode } from "./syntax-tree.ts"

/** How a statement is to be read. */
export interface Dialect {
  /** Pinot's answers: DOUBLE sums, its values of empty aggregates, its names of columns. */
  readonly pinotCompat?: boolean
  /** Beside `pinotCompat`: empty aggregates are NULL, as in SQL. */
  readonly nullHandling?: boolean
  /** Columns of the tables that it reads, by table; absent at first, see `Analysis.wantsColumns`. */
  readonly columns?: Readonly<Record<string, readonly Pick<ColumnSpec, "name" | "type" | "list">[]>>
}

/** A statement that passed the gate. */
export interface Analysis {
  /** The text to run: the statement, with Pinot's default limit where it names none. */
  readonly sql: string
  /** The tables that it reads, in lower case, each once. */
  readonly tables: readonly string[]
  /** It takes `$1` to `$n`. Absent: none. */
  readonly parameters?: number
  /** `sql` is not what was sent: positions in it tell nothing. */
  readonly isRewritten?: boolean
  /** What it means depends on the types of columns: it is to be analyzed again with them. */
  readonly wantsColumns?: boolean
  /**
   * The outermost query as DuckDB's tree, Pinot's functions written as DuckDB's, parameters as they are
   * (`bindTree` puts their values in), without the default limit. Absent where it is too large to be planned here.
   */
  readonly tree?: TreeNode
}

export type EngineReply<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: QueryError }

export interface RunRequest {
  /** `Analysis.sql`. */
  readonly sql: string
  readonly tables: readonly PinnedTable[]
  readonly limits: QueryLimits
  /** `Analysis.tree`. */
  readonly tree?: TreeNode | undefined
  /** The engine that must answer; default: whichever suits. */
  readonly engine?: "direct" | "duckdb" | undefined
  /** Whether a rollup may be read in place of rows. Default: yes. */
  readonly useRollups?: boolean | undefined
  /** Whether an answer that is kept may be given. Default: yes. */
  readonly resultCache?: boolean | undefined
  /** `Analysis.isRewritten`. */
  readonly isRewritten?: boolean | undefined
  /** As many as the analysis asked for. */
  readonly parameters?: readonly ParameterValue[]
  /** How tables differ from what is stored, by name. */
  readonly views?: ReadonlyMap<string, TableView>
  /** Aborts when nobody waits for the answer any more: the query is stopped, and answers `timeout`. */
  readonly signal?: AbortSignal
}

/** What a statement sees of a table. */
export interface TableView {
  /** A condition over its columns, checked before: no other row is there for the statement. */
  readonly filter?: string | undefined
  /** NULL is the type's default value of Pinot's, and `SELECT *` is in the order of names. */
  readonly pinotNulls?: boolean
}

/** What runs SQL for the query service. It never throws: whatever a statement does ends as a reply. */
export interface SqlEngine {
  /** Parses one statement and judges it; `deadlineMs` counts from the call. */
  analyze(sql: string, deadlineMs: number, dialect?: Dialect): Promise<EngineReply<Analysis>>
  /** Runs a statement that `analyze` let through over the tables that it named. */
  run(request: RunRequest): Promise<EngineReply<SqlAnswer>>
  /** What `run` would do and read, as an answer. Absent: the engine cannot tell. */
  explain?(request: RunRequest): Promise<EngineReply<SqlAnswer>>
  close(): Promise<void>
}
