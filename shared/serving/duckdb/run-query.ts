import { readFileSync, writeFileSync } from "node:fs"
import type {
  DuckDBConnection,
  DuckDBDataChunk,
  DuckDBPreparedStatement,
  DuckDBResult,
} from "@duckdb/node-api"
import { columnName } from "../sql/column-names.ts"
import { type Fault, faultFromDuckdb } from "../sql/engine-errors.ts"
import { jsonBytes } from "../sql/json-bytes.ts"
import type { ParameterValue } from "../sql/parameters.ts"
import { macroStatements } from "../sql/pinot/macros.ts"
import type { SqlAnswer, SqlColumn, SqlValue } from "../types.ts"
import { scannedRows } from "./profile.ts"
import type { ChildRequest, ViewDefinition } from "./protocol.ts"
import { type ColumnEncoder, encoderOf } from "./values.ts"
import { quoteName } from "./view-sql.ts"

export type Run = Extract<ChildRequest, { kind: "run" }>

const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n

/** Thrown inside a run, for a limit that the answer passed. */
class LimitError extends Error {}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The rows of an answer as they come in, within the request's limits. */
class AnswerBuilder {
  readonly rows: SqlValue[][] = []
  readonly #run: Run
  readonly #encoders: readonly ColumnEncoder[]
  #bytes = 0

  constructor(run: Run, encoders: readonly ColumnEncoder[]) {
    this.#run = run
    this.#encoders = encoders
  }

  add(chunk: DuckDBDataChunk): void {
    const { rowCount } = chunk
    if (this.rows.length + rowCount > this.#run.rowsMax) {
      throw new LimitError(`The answer has more than ${this.#run.rowsMax} rows: add a smaller LIMIT`)
    }
    const rows = Array.from({ length: rowCount }, (): SqlValue[] => new Array(this.#encoders.length))
    for (const [column, { encode }] of this.#encoders.entries()) {
      const vector = chunk.getColumnVector(column)
      for (const [at, row] of rows.entries()) {
        const value = vector.getItem(at)
        const cell = value === null ? null : encode(value)
        row[column] = cell
        this.#bytes += jsonBytes(cell)
      }
      if (this.#bytes > this.#run.resultBytesMax) {
        throw new LimitError(
          `The answer is larger than ${this.#run.resultBytesMax} bytes: add a smaller LIMIT`,
        )
      }
    }
    for (const row of rows) this.rows.push(row)
  }
}

/** Makes a column of integers beyond 64 bits BIG_DECIMAL; any other keeps its type. */
function settleType(rows: SqlValue[][], column: number, { type, wide }: ColumnEncoder): string {
  if (!wide) return type
  const value = (row: SqlValue[]): SqlValue => row[column] ?? null
  const outside = (cell: SqlValue): boolean =>
    typeof cell === "bigint" && (cell < INT64_MIN || cell > INT64_MAX)
  if (!rows.some(row => outside(value(row)))) return type
  for (const row of rows) {
    const cell = value(row)
    if (cell !== null) row[column] = String(cell)
  }
  return "BIG_DECIMAL"
}

async function readAnswer(result: DuckDBResult, run: Run, profile: () => string): Promise<SqlAnswer> {
  const encoders = result.columnTypes().map(encoderOf)
  const builder = new AnswerBuilder(run, encoders)
  for (;;) {
    const chunk = await result.fetchChunk()
    if (chunk === null || chunk.rowCount === 0) break
    builder.add(chunk)
  }
  const names = result.columnNames()
  const columns = encoders.map(
    (encoder, at): SqlColumn => ({
      name: columnName(names[at] ?? ""),
      type: settleType(builder.rows, at, encoder),
    }),
  )
  return { columns, rows: builder.rows, rowsScanned: scannedRows(profile()) }
}

const INT_MAX = 2 ** 31

/** By the types that constants of the same text would have, but for decimals, which are DOUBLE. */
function bindAll(statement: DuckDBPreparedStatement, values: readonly ParameterValue[]): void {
  for (const [at, value] of values.entries()) {
    const index = at + 1
    if (value === null) statement.bindNull(index)
    else if (typeof value === "boolean") statement.bindBoolean(index, value)
    else if (typeof value === "string") statement.bindVarchar(index, value)
    else if (!Number.isSafeInteger(value)) statement.bindDouble(index, value)
    else if (value >= -INT_MAX && value < INT_MAX) statement.bindInteger(index, value)
    else statement.bindBigInt(index, BigInt(value))
  }
}

/** Runs queries on one connection, one at a time. */
export class QueryRunner {
  readonly #connection: DuckDBConnection
  readonly #profileName: string
  readonly #views = new Map<string, string>()
  #hasMacros = false

  constructor(connection: DuckDBConnection, profileName: string) {
    this.#connection = connection
    this.#profileName = profileName
  }

  /** What an earlier statement read must not stand where this one, perhaps another caller's, could name it. */
  async #forget(views: readonly ViewDefinition[]): Promise<void> {
    for (const name of this.#views.keys()) {
      if (views.some(view => view.name === name)) continue
      await this.#connection.run(`DROP VIEW IF EXISTS main.${quoteName(name)}`)
      this.#views.delete(name)
    }
  }

  /** For statements that have a WITH of their own: its names may hide the tables', which a second WITH cannot say. */
  async #define(views: readonly ViewDefinition[]): Promise<void> {
    for (const { name, select } of views) {
      if (this.#views.get(name) === select) continue
      await this.#connection.run(`CREATE OR REPLACE VIEW main.${quoteName(name)} AS ${select}`)
      this.#views.set(name, select)
    }
  }

  /** Not before the first statement that calls them: they would take a tenth of a child's start. */
  async #defineMacros(): Promise<void> {
    if (this.#hasMacros) return
    for (const statement of macroStatements) await this.#connection.run(statement)
    this.#hasMacros = true
  }

  async run(run: Run): Promise<SqlAnswer | Fault> {
    const prefix = withTables(run)
    try {
      await this.#forget(prefix === undefined ? run.views : [])
      if (prefix === undefined) await this.#define(run.views)
      if (run.isRewritten === true) await this.#defineMacros()
      const statement = await this.#connection.prepare(`${prefix ?? ""}${run.sql}`)
      // DuckDB does not write every query's profile: another one's must not stand there.
      writeFileSync(this.#profileName, "")
      try {
        bindAll(statement, run.parameters ?? [])
        return await readAnswer(await statement.stream(), run, () => readFileSync(this.#profileName, "utf8"))
      } finally {
        statement.destroySync()
      }
    } catch (error) {
      if (error instanceof LimitError) return { code: "resource_limit", message: error.message }
      const told = run.isRewritten === true ? "" : run.sql
      return faultFromDuckdb(messageOf(error), told, Buffer.byteLength(prefix ?? ""))
    }
  }
}

/** White space and comments, then WITH. */
const STARTS_WITH = /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*with\b/i

/**
 * What goes before a statement so that it finds its tables; undefined where views must do. A view is bound when it is
 * made and again when it is used, and a tail's files change with every query: this way they are opened once.
 */
function withTables({ sql, views }: Run): string | undefined {
  if (views.length === 0) return ""
  if (STARTS_WITH.test(sql)) return undefined
  const tables = views.map(({ name, select }) => `${quoteName(name)} AS NOT MATERIALIZED (${select})`)
  return `WITH ${tables.join(", ")} `
}
