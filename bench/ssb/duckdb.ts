import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api"

// The yardstick: DuckDB in this process, with the same rows in a table of its own, all cores for each query.

export class Yardstick {
  readonly #connections: readonly DuckDBConnection[]

  private constructor(connections: readonly DuckDBConnection[]) {
    this.#connections = connections
  }

  /** @param files Parquet files of the rows */
  static async open(files: readonly string[], connections: number): Promise<Yardstick> {
    const instance = await DuckDBInstance.create(":memory:")
    const opened = await Promise.all(Array.from({ length: connections }, () => instance.connect()))
    const list = files.map(file => `'${file}'`).join(", ")
    await opened[0]!.run(
      `CREATE TABLE lineorder AS SELECT * FROM read_parquet([${list}]) ORDER BY lo_orderdate`,
    )
    return new Yardstick(opened)
  }

  /** The answer's rows, by one of the connections. */
  async query(sql: string, connection: number): Promise<readonly (readonly unknown[])[]> {
    const reader = await this.#connections[connection]!.runAndReadAll(sql)
    return reader.getRows()
  }
}
