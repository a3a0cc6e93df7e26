import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { ColumnSpec, TableSpec } from "../../../shared/definition/table-spec.ts"
import { type HttpServer, startHttpServer } from "../../../shared/embedded/http-server.ts"
import { openPlatform, type Platform } from "../../../shared/embedded/platform.ts"
import { Builder } from "../../../shared/serving/builder/builder.ts"
import { Maintainer } from "../../../shared/serving/maintain/maintainer.ts"
import { MERGE_LIMITS } from "../../../shared/serving/maintain/plan-merge.ts"
import { StoredTableSource } from "../../../shared/serving/tail/table-source.ts"
import { TailCache } from "../../../shared/serving/tail/tail-cache.ts"
import type { QueryCost, SqlValue } from "../../../shared/serving/types.ts"
import { dataFolder, type Keeping } from "./oracle.ts"

const PARTITIONS = 3

const columns: readonly ColumnSpec[] = [
  { name: "trip", type: "long" },
  { name: "version", type: "long" },
  { name: "city", type: "string" },
  { name: "status", type: "string" },
  { name: "started", type: "timestamp" },
  { name: "fare", type: "decimal" },
  { name: "distance", type: "double" },
  { name: "riders", type: "int" },
  { name: "driver", type: "long" },
  { name: "serial", type: "long" },
  { name: "paid", type: "boolean" },
  { name: "note", type: "string" },
  { name: "details", type: "json" },
]

const removed: ColumnSpec = { name: "removed", type: "boolean" }

const tripsTable: Readonly<Record<Keeping, TableSpec>> = {
  all: {
    name: "trips",
    topic: "trips",
    columns,
    time: "started",
    sort: ["city", "started"],
    indexes: { driver: ["bloom"], status: ["inverted"], riders: ["range"] },
    rollups: [
      {
        name: "by_city",
        dimensions: ["city", "status", "paid"],
        aggregates: [{ fn: "count" }, { fn: "sum", column: "riders" }, { fn: "avg", column: "distance" }],
        leafRows: 20,
      },
    ],
  },
  newest: {
    name: "trips",
    topic: "trips",
    columns: [...columns, removed],
    time: "started",
    sort: ["city"],
    primaryKey: ["trip"],
    upsert: { compare: "version", delete: "removed" },
    indexes: { trip: ["bloom"], status: ["inverted"] },
    rollups: [
      {
        name: "by_city",
        dimensions: ["city", "status", "paid"],
        aggregates: [{ fn: "count" }, { fn: "sum", column: "riders" }, { fn: "avg", column: "fare" }],
        leafRows: 20,
      },
    ],
  },
}

const citiesTable: TableSpec = {
  name: "cities",
  topic: "cities",
  columns: [
    { name: "city", type: "string" },
    { name: "region", type: "string" },
    { name: "population", type: "long" },
  ],
}

export interface Answer {
  readonly rows: readonly (readonly SqlValue[])[]
  readonly cost: QueryCost | undefined
}

/** A server with the corpus' tables, asked over HTTP. */
export class World {
  readonly #folder = mkdtempSync(join(tmpdir(), "millrace-corpus-"))
  #platform!: Platform
  #server!: HttpServer

  static async open(keeping: Keeping): Promise<World> {
    const world = new World()
    await world.#start()
    for (const topic of ["trips", "cities"]) {
      await world.#post(
        "/topics",
        "application/json",
        JSON.stringify({ name: topic, partitions: PARTITIONS }),
      )
    }
    await world.#platform.tables.create(tripsTable[keeping], "http")
    await world.#platform.tables.create(citiesTable, "http")
    await world.send("cities", 0, Number.POSITIVE_INFINITY)
    return world
  }

  async #start(): Promise<void> {
    const faults: string[] = []
    this.#platform = await openPlatform({
      data: join(this.#folder, "data"),
      report: line => faults.push(line),
    })
    this.#server = await startHttpServer({ api: this.#platform.api, port: 0 })
  }

  async #post(path: string, type: string, body: string): Promise<unknown> {
    const reply = await fetch(`${this.#server.url}${path}`, {
      method: "POST",
      headers: { "content-type": type },
      body,
    })
    const text = await reply.text()
    if (!reply.ok) throw new Error(`${path}: ${reply.status} ${text}`)
    return JSON.parse(text)
  }

  /** Appends lines of a data file, keyed by their first field. */
  async send(topic: string, from: number, to: number): Promise<void> {
    const lines = readFileSync(join(dataFolder, `${topic}.ndjson`), "utf8")
      .trimEnd()
      .split("\n")
    const key = topic === "trips" ? "trip" : "city"
    await this.#post(`/topics/${topic}?key=${key}`, "application/x-ndjson", lines.slice(from, to).join("\n"))
  }

  /** Makes segments of all that is in tails. */
  async flush(): Promise<void> {
    const { ports, tables, log } = this.#platform
    const builder = new Builder(ports, tables, new TailCache(log))
    for (const table of ["trips", "cities"]) {
      for (let partition = 0; partition < PARTITIONS; partition++) await builder.step(table, partition, true)
    }
  }

  /** Merges each partition's segments into one. */
  async merge(): Promise<void> {
    const { ports, tables, log } = this.#platform
    const maintainer = new Maintainer(ports, tables, log, { merge: { ...MERGE_LIMITS, fanIn: 2 } })
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const results: string[] = []
      for (let result = ""; result !== "idle"; results.push(result)) {
        result = (await maintainer.step("trips", partition)).kind
        if (results.length > 10) throw new Error(`the partition is never in shape: ${results}`)
      }
    }
  }

  /** Segments of the table of trips, and how often the most merged one was merged. */
  async segments(): Promise<{ readonly count: number; readonly level: number }> {
    const { segments } = (await this.#source.pin("trips"))!
    const levels = segments.map(({ segment }) => segment?.pointer.level ?? 0)
    return { count: segments.length, level: Math.max(0, ...levels) }
  }

  get #source(): StoredTableSource {
    const { ports, tables, log } = this.#platform
    return new StoredTableSource(ports, tables, new TailCache(log))
  }

  async restart(): Promise<void> {
    await this.#server.close(0)
    await this.#platform.close()
    await this.#start()
  }

  async ask(sql: string): Promise<Answer> {
    const reply = (await this.#post("/query/sql", "application/json", JSON.stringify({ sql }))) as {
      exceptions: unknown[]
      resultTable?: { rows: Answer["rows"] }
      millrace?: { cost?: QueryCost }
    }
    if (reply.resultTable === undefined) throw new Error(`${sql}: ${JSON.stringify(reply.exceptions)}`)
    return { rows: reply.resultTable.rows, cost: reply.millrace?.cost }
  }

  async close(): Promise<void> {
    await this.#server.close(0)
    await this.#platform.close()
    rmSync(this.#folder, { recursive: true })
  }
}
