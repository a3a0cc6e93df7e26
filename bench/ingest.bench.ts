import { loadavg } from "node:os"
import type { TableSpec } from "../shared/definition/table-spec.ts"
import { openLog } from "../shared/log/open-log.ts"
import { createBatchBuilder, RecordCursor } from "../shared/log/records/index.ts"
import type { Log } from "../shared/log/types.ts"
import { Builder } from "../shared/serving/builder/builder.ts"
import { TableRegistry } from "../shared/serving/tables/table-registry.ts"
import { TailCache } from "../shared/serving/tail/tail-cache.ts"
import { KeyIndexes } from "../shared/serving/upsert/key-indexes.ts"
import { memoryPorts } from "../test/support/memory-ports.ts"

// Rows a core-second from the log into segments, over stores in memory: CPU time of this process, so that what else runs
// on the machine counts little. `npm run bench -- ingest [plain,indexed,…] [rows]`

const AIMS: Readonly<Record<string, number>> = { plain: 300_000, indexed: 300_000, upsert: 150_000 }
const [chosen = Object.keys(AIMS).join(), rows = "400000"] = process.argv.slice(3)
const ROWS = Number(rows)
const KEYS = ROWS / 4
const RECORDS_PER_BATCH = 1_000
const BATCHES_PER_APPEND = 20

const PLAIN: TableSpec = {
  name: "views",
  topic: "views",
  columns: [
    { name: "viewId", type: "string" },
    { name: "memberId", type: "long" },
    { name: "viewerId", type: "long" },
    { name: "viewedAt", type: "timestamp" },
    { name: "country", type: "string" },
    { name: "source", type: "string" },
    { name: "durationMs", type: "int" },
    { name: "score", type: "double" },
  ],
  time: "viewedAt",
}

const TABLES: Readonly<Record<string, TableSpec>> = {
  plain: PLAIN,
  indexed: {
    ...PLAIN,
    sort: ["memberId"],
    indexes: { viewerId: ["bloom"], country: ["inverted"] },
    rollups: [
      {
        name: "daily",
        dimensions: ["country", "source"],
        aggregates: [{ fn: "count" }, { fn: "sum", column: "durationMs" }],
      },
    ],
  },
  upsert: { ...PLAIN, primaryKey: ["viewId"], upsert: { compare: "viewedAt" } },
}

const COUNTRIES = ["de", "us", "in", "br", "fr", "jp", "gb", "nl"]
const SOURCES = ["search", "feed", "mail", "groups", "jobs"]

/** Each key comes four times, in an order of its own each time. */
function recordOf(at: number): { readonly key: Buffer; readonly value: Buffer } {
  const key = `view-${(at * 7_919 + Math.floor(at / KEYS)) % KEYS}`
  const value =
    `{"viewId":"${key}","memberId":${(at * 31) % 50_000},"viewerId":${(at * 17) % 90_000},` +
    `"viewedAt":${1_790_000_000_000 + at},"country":"${COUNTRIES[at % 8]}","source":"${SOURCES[at % 5]}",` +
    `"durationMs":${(at * 13) % 60_000},"score":${(at % 1_000) / 8}}`
  return { key: Buffer.from(key), value: Buffer.from(value) }
}

function batchFrom(first: number): Uint8Array {
  const builder = createBatchBuilder()
  for (let at = first; at < first + RECORDS_PER_BATCH; at++) {
    const { key, value } = recordOf(at)
    const bytes = Buffer.concat([key, value])
    builder.add(bytes, 0, key.length, key.length, bytes.length, 1_790_000_000_000 + at)
  }
  return Uint8Array.from(builder.finish({}).bytes)
}

async function fill(log: Log): Promise<Uint8Array[]> {
  await log.createTopic({ name: "views", partitions: 1, owner: "http" })
  const all: Uint8Array[] = []
  for (let at = 0; at < ROWS; at += RECORDS_PER_BATCH * BATCHES_PER_APPEND) {
    const batches = Array.from({ length: BATCHES_PER_APPEND }, (_, index) =>
      batchFrom(at + index * RECORDS_PER_BATCH),
    )
    const parts = batches.map(batch => ({ partition: 0, batch }))
    for (const result of await log.append({ topic: "views", parts }))
      if ("error" in result) throw result.error
    all.push(...batches)
  }
  return all
}

/** CPU ms that some work takes. */
async function cpuMs(work: () => unknown): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}

function bare(batches: readonly Uint8Array[]): number {
  let fields = 0
  for (const batch of batches) {
    const cursor = new RecordCursor(batch)
    const text = Buffer.from(cursor.buffer.buffer, cursor.buffer.byteOffset, cursor.buffer.byteLength)
    while (cursor.next()) {
      fields += Object.keys(JSON.parse(text.toString("utf8", cursor.valueStart, cursor.valueEnd))).length
    }
  }
  return fields
}

async function build(name: string): Promise<{ ms: number; bareMs: number; segments: number; bytes: number }> {
  const ports = memoryPorts()
  const log = openLog(ports)
  const batches = await fill(log)
  const registry = new TableRegistry(ports, log)
  await registry.create(TABLES[name]!, "http")
  const builder = new Builder(ports, registry, new TailCache(log), { indexes: new KeyIndexes(ports) })
  let segments = 0
  const ms = await cpuMs(async () => {
    for (; ; segments++) {
      const step = await builder.step("views", 0, true)
      if (step.kind !== "flushed") throw new Error(`expected a flush, got ${step.kind}`)
      if (!step.more) break
    }
  })
  const bareMs = await cpuMs(() => bare(batches))
  const stored = ports.stores.objectKeys().filter(key => key.startsWith("tab/"))
  return { ms, bareMs, segments: segments + 1, bytes: stored.length }
}

const perSecond = (ms: number) => Math.round((ROWS / ms) * 1_000)
const shown = (count: number) => count.toLocaleString("en-US")

process.stdout.write(`${shown(ROWS)} rows, load ${loadavg()[0]!.toFixed(1)}\n`)
let missed = false
for (const name of chosen.split(",")) {
  await build(name)
  const { ms, bareMs, segments } = await build(name)
  const aim = AIMS[name]!
  missed ||= perSecond(ms) < aim
  process.stdout.write(
    `${name.padEnd(8)} ${shown(perSecond(ms)).padStart(9)} rows/core-second (aim ${shown(aim)}), ${segments} segments; ` +
      `decode and JSON.parse alone ${shown(perSecond(bareMs))}: ${(bareMs / ms).toFixed(2)} of it\n`,
  )
}
if (missed) process.stdout.write("an aim was missed\n")
