import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect } from "vitest"
import { ChoosingEngine } from "../../../shared/serving/direct/choosing-engine.ts"
import { DirectEngine } from "../../../shared/serving/direct/direct-engine.ts"
import { DuckdbEngine } from "../../../shared/serving/duckdb/engine.ts"
import { QueryService } from "../../../shared/serving/query/query-service.ts"
import type { PinotReply } from "../../../shared/serving/query/reply.ts"
import type { TableSource } from "../../../shared/serving/types.ts"
import { memoryPorts } from "../../support/memory-ports.ts"

export interface TwoEngines {
  readonly ask: (sql: string, engine?: "direct" | "duckdb") => Promise<PinotReply>
  readonly close: () => Promise<void>
}

/** A query service whose statements may be sent to either engine. */
export function twoEngines(tables: TableSource): TwoEngines {
  const folder = mkdtempSync(join(tmpdir(), "millrace-direct-"))
  const duckdb = new DuckdbEngine({ folder, children: 1 })
  const ports = memoryPorts()
  const engine = new ChoosingEngine(new DirectEngine({ clock: ports.clock }), duckdb)
  const service = new QueryService({ tables, engine, ...ports })
  return {
    ask: (sql, wanted) => service.query({ sql, options: wanted === undefined ? {} : { engine: wanted } }),
    close: async () => {
      await duckdb.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function isNear(one: unknown, other: unknown): boolean {
  if (typeof one !== "number" || typeof other !== "number") return one === other
  return (
    Object.is(one, other) ||
    one === other ||
    Math.abs(one - other) <= 1e-9 * Math.max(Math.abs(one), Math.abs(other))
  )
}

/** Both answers are the same: names, types and rows; doubles to nine digits. */
export function expectSame(sql: string, direct: PinotReply, other: PinotReply): void {
  expect(direct.exceptions, sql).toEqual([])
  expect(other.exceptions, sql).toEqual([])
  expect(direct.resultTable?.dataSchema, sql).toEqual(other.resultTable?.dataSchema)
  const [rows = [], others = []] = [direct.resultTable?.rows, other.resultTable?.rows]
  const types = other.resultTable?.dataSchema.columnDataTypes ?? []
  const isSame =
    rows.length === others.length &&
    rows.every((row, at) =>
      row.every((cell, column) =>
        types[column] === "DOUBLE" ? isNear(cell, others[at]?.[column]) : cell === others[at]?.[column],
      ),
    )
  if (!isSame) expect(rows, sql).toEqual(others)
}
