/**
 * A query child: the program that runs other people's SQL, apart from the process that holds the log. It is given a
 * folder of slot files and an IPC channel and nothing else, and ends when the channel does.
 */
import { readFileSync } from "node:fs"
import { flushCompileCache } from "node:module"
import type { DuckDBConnection } from "@duckdb/node-api"
import type { Analysis } from "../sql/engine.ts"
import type { Fault } from "../sql/engine-errors.ts"
import type { SqlAnswer } from "../types.ts"
import { analyzeStatement } from "./analyze.ts"
import type { ChildReply, ChildRequest, ChildSettings } from "./protocol.ts"
import { QueryRunner } from "./run-query.ts"
import { openSession } from "./session.ts"

/** Often enough that a query which takes gigabytes a second is stopped within a few hundred megabytes. */
const WATCHDOG_MS = 50

/** Short beside the least time between an interrupt and a kill. */
const INTERRUPT_MS = 20

/** The smallest page of any system that Node runs on: where pages are larger, growth is noticed later. */
const PAGE_BYTES = 4096

/** At once: an orderly exit would wait for the threads that run the query. */
function die(): void {
  process.kill(process.pid, "SIGKILL")
}

function send(reply: ChildReply): void {
  process.send?.(reply)
}

/** Bytes that count against the system's limit: the data segment on Linux, elsewhere what is resident. */
function usedBytes(): number {
  if (process.platform !== "linux") return process.memoryUsage.rss()
  const [, , , , , dataPages] = readFileSync("/proc/self/statm", "utf8").split(" ")
  return Number(dataPages) * PAGE_BYTES
}

function isFault(value: Analysis | SqlAnswer | Fault): value is Fault {
  return "code" in value
}

function serve(connection: DuckDBConnection, settings: ChildSettings): void {
  const runner = new QueryRunner(connection, settings.profileName)
  const startBytes = usedBytes()
  let current = 0
  let interrupting: NodeJS.Timeout | undefined
  // DuckDB forgets an interrupt that comes between two steps of a query: it is repeated until the query ends.
  const interrupt = (): void => {
    connection.interrupt()
    interrupting ??= setInterval(() => connection.interrupt(), INTERRUPT_MS)
  }
  process.on("message", async (request: ChildRequest) => {
    if (request.kind === "interrupt") {
      // The query that it meant may have ended meanwhile: the next one must not pay for it.
      if (request.id === current) interrupt()
      return
    }
    current = request.id
    const value =
      request.kind === "run"
        ? await runner.run(request)
        : await analyzeStatement(connection, request.sql, request.dialect)
    current = 0
    clearInterval(interrupting)
    interrupting = undefined
    // Allocators keep what a query took: the next one must find as much room as the first.
    const isWorn = usedBytes() - startBytes > settings.grownBytesMax
    const { id } = request
    send(isFault(value) ? { id, isWorn, kind: "fault", fault: value } : { id, isWorn, kind: "done", value })
  })
}

async function main(): Promise<void> {
  process.once("disconnect", die)
  const settings: ChildSettings = JSON.parse(process.argv[2] ?? "{}")
  if (settings.residentBytesMax > 0) {
    setInterval(() => {
      if (process.memoryUsage.rss() > settings.residentBytesMax) die()
    }, WATCHDOG_MS)
  }
  serve(await openSession(settings), settings)
  send({ kind: "ready" })
  // Node keeps it at an orderly exit, which a child never comes to.
  flushCompileCache()
}

await main()
