import { DuckdbEngine } from "../../../shared/serving/duckdb/engine.ts"

// A server that will be killed: it starts children, tells their ids once they run a query, and waits for its end.
const engine = new DuckdbEngine({ folder: process.argv[2] ?? "", children: 2 })
const sql = "SELECT sum(x) FROM range(1000000000000000) t(x)"
const limits = { deadlineMs: 60_000, rowsMax: 10, resultBytesMax: 1000 }
await engine.analyze("SELECT 1", 30_000)
engine.run({ sql, tables: [], limits })
engine.run({ sql, tables: [], limits })
setTimeout(() => process.stdout.write(`${JSON.stringify(engine.pids)}\n`), 100)
