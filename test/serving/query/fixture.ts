import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parquetWriteBuffer } from "hyparquet-writer"
import type { ColumnSpec } from "../../../shared/definition/table-spec.ts"
import { ChoosingEngine } from "../../../shared/serving/direct/choosing-engine.ts"
import { DirectEngine } from "../../../shared/serving/direct/direct-engine.ts"
import { DuckdbEngine } from "../../../shared/serving/duckdb/engine.ts"
import { type QueryRequest, QueryService } from "../../../shared/serving/query/query-service.ts"
import { serializeReply } from "../../../shared/serving/query/serialize-reply.ts"
import type { PinnedTable, QueryLimits, TableFile, TableSource } from "../../../shared/serving/types.ts"
import { memoryPorts } from "../../support/memory-ports.ts"

export interface Flight {
  readonly origin: string | null
  readonly delay: number | null
  readonly at: Date
}

export const flightColumns: readonly ColumnSpec[] = [
  { name: "origin", type: "string" },
  { name: "delay", type: "int" },
  { name: "at", type: "timestamp" },
]

/** A file of bytes at hand that counts how often it is read. */
export function bytesFile(id: string, bytes: Uint8Array, rows: number): TableFile & { reads: number } {
  return {
    id,
    rows,
    sizeBytes: bytes.length,
    reads: 0,
    async read() {
      this.reads++
      return bytes
    },
  }
}

export function flightFile(id: string, flights: readonly Flight[]): TableFile & { reads: number } {
  const bytes = parquetWriteBuffer({
    columnData: [
      { name: "origin", data: flights.map(({ origin }) => origin), type: "STRING", nullable: true },
      { name: "delay", data: flights.map(({ delay }) => delay), type: "INT32", nullable: true },
      { name: "at", data: flights.map(({ at }) => at), type: "TIMESTAMP", nullable: true },
    ],
  })
  return bytesFile(id, new Uint8Array(bytes), flights.length)
}

/** `count` flights: origins a, b and c in turn, delays 0, 1, 2 …, a minute apart. */
export function someFlights(count: number, from = 0): Flight[] {
  return Array.from({ length: count }, (_, at) => ({
    origin: "abc".charAt((from + at) % 3),
    delay: from + at,
    at: new Date(Date.UTC(2001, 0, 14, 21, 30 + from + at)),
  }))
}

export function pinnedTable(
  name: string,
  columns: readonly ColumnSpec[],
  segments: readonly TableFile[],
  tail: readonly TableFile[] = [],
): PinnedTable {
  const rows = [...segments, ...tail].reduce((total, file) => total + file.rows, 0)
  return { name, columns, schemaVersion: 1, segments, tail, rows, freshAt: 1_700_000_000_000 }
}

/** 60 flights in two segments and a tail, and a table without any file. */
export function flightTables(): TableSource {
  const tables = [
    pinnedTable(
      "flights",
      flightColumns,
      [flightFile("s1", someFlights(30)), flightFile("s2", someFlights(20, 30))],
      [flightFile("t1", someFlights(10, 50))],
    ),
    pinnedTable("nothing", flightColumns, []),
  ]
  return {
    names: async () => tables.map(({ name }) => name),
    pin: async name => tables.find(table => table.name === name),
  }
}

/** A reply as a client sees it. */
export interface Answer {
  readonly columnNames: readonly string[] | undefined
  readonly columnDataTypes: readonly string[] | undefined
  readonly rows: unknown
  readonly code: number | undefined
  readonly message: string
  readonly reply: Record<string, unknown>
  /** The bytes, for what JSON.parse would lose. */
  readonly text: string
}

export interface OpenService {
  readonly engine: DuckdbEngine
  readonly service: QueryService
  readonly ask: (
    sql: string,
    options?: Readonly<Record<string, string>>,
    more?: Pick<QueryRequest, "parameters" | "rowFilter">,
  ) => Promise<Answer>
  readonly close: () => Promise<void>
}

export function openService(options: {
  readonly tables?: TableSource
  readonly children?: number
  readonly limits?: Partial<QueryLimits>
  /** What can be answered in process is. */
  readonly direct?: boolean
}): OpenService {
  const parent = mkdtempSync(join(tmpdir(), "millrace-query-"))
  // A folder's name may hold what a glob or a quotation would read as its own.
  const engine = new DuckdbEngine({ folder: join(parent, "scratch [1] 'x'"), children: options.children })
  const { tables = flightTables(), limits } = options
  const ports = memoryPorts()
  const chosen =
    options.direct === true ? new ChoosingEngine(new DirectEngine({ clock: ports.clock }), engine) : engine
  const service = new QueryService({ tables, engine: chosen, limits, ...ports })
  const ask: OpenService["ask"] = async (sql, queryOptions = {}, more = {}) => {
    const text = serializeReply(await service.query({ sql, options: queryOptions, ...more }))
    const reply = JSON.parse(text)
    return {
      columnNames: reply.resultTable?.dataSchema.columnNames,
      columnDataTypes: reply.resultTable?.dataSchema.columnDataTypes,
      rows: reply.resultTable?.rows,
      code: reply.exceptions[0]?.errorCode,
      message: reply.exceptions[0]?.message ?? "",
      reply,
      text,
    }
  }
  const close = async (): Promise<void> => {
    await engine.close()
    rmSync(parent, { recursive: true, force: true })
  }
  return { engine, service, ask, close }
}
