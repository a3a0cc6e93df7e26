import { join } from "node:path"
import { DuckDBInstance } from "@duckdb/node-api"
import { encoderOf } from "../../../shared/serving/duckdb/values.ts"
import type { SqlValue } from "../../../shared/serving/types.ts"

export const dataFolder = join(import.meta.dirname, "data")

/** Whether a table keeps every record, or of equal keys the newest. */
export type Keeping = "all" | "newest"

const COLUMNS = {
  trips: `{trip: 'BIGINT', version: 'BIGINT', city: 'VARCHAR', status: 'VARCHAR', started: 'TIMESTAMP',
    fare: 'DECIMAL(38,9)', distance: 'DOUBLE', riders: 'INTEGER', driver: 'BIGINT', serial: 'BIGINT', paid: 'BOOLEAN', note: 'VARCHAR',
    details: 'JSON', removed: 'BOOLEAN'}`,
  cities: "{city: 'VARCHAR', region: 'VARCHAR', population: 'BIGINT'}",
} as const

/** Of equal keys the greatest version stands, of equal versions the later record; a removed one stands for nothing. */
const NEWEST = `SELECT * EXCLUDE (line) FROM (SELECT *, row_number() OVER () AS line FROM raw)
  QUALIFY row_number() OVER (PARTITION BY trip ORDER BY version DESC, line DESC) = 1`

/** DuckDB over the source's own lines: what a statement's answer has to be. */
export class Oracle {
  readonly #instance: DuckDBInstance

  private constructor(instance: DuckDBInstance) {
    this.#instance = instance
  }

  static async open(keeping: Keeping): Promise<Oracle> {
    const oracle = new Oracle(await DuckDBInstance.create(":memory:", { threads: "1" }))
    const read = (name: keyof typeof COLUMNS) =>
      `read_json('${join(dataFolder, `${name}.ndjson`)}', format = 'newline_delimited', columns = ${COLUMNS[name]})`
    await oracle.#run(`CREATE TABLE raw AS FROM ${read("trips")}`)
    await oracle.#run(`CREATE TABLE cities AS FROM ${read("cities")}`)
    await oracle.#run(
      keeping === "all"
        ? "CREATE TABLE trips AS SELECT * EXCLUDE (removed) FROM raw"
        : `CREATE TABLE trips AS SELECT * EXCLUDE (removed) FROM (${NEWEST}) WHERE removed IS NOT TRUE`,
    )
    return oracle
  }

  async #run(sql: string) {
    const connection = await this.#instance.connect()
    await connection.run("SET TimeZone = 'UTC'")
    const result = await connection.runAndReadAll(sql)
    return { types: result.columnTypes(), rows: result.getRows() }
  }

  /** The rows in the encoding of replies. */
  async rows(sql: string): Promise<readonly (readonly SqlValue[])[]> {
    const { types, rows } = await this.#run(sql)
    const encoders = types.map(encoderOf)
    return rows.map(row =>
      row.map((value, at) => (value === null ? null : toJson(encoders[at]!.encode(value)))),
    )
  }

  close(): void {
    this.#instance.closeSync()
  }
}

/** As a reply's text says it: a LONG beyond doubles is a number all the same. */
function toJson(value: SqlValue): SqlValue {
  if (typeof value === "bigint") return Number(value)
  return Array.isArray(value) ? value.map(toJson) : value
}
