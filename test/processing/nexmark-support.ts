import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api"
import { WATERMARK_DELAY_MS } from "../../bench/nexmark/queries.ts"
import { type Arrival, recordBatches } from "../../bench/nexmark/stream.ts"
import type { GraphNode } from "../../shared/definition/job/graph.ts"
import type { Job } from "../../shared/definition/job/job.ts"
import { decodeRecords } from "../../shared/log/records/index.ts"
import type { LoadedRun } from "../../shared/processing/engine/engine.ts"
import { JobEngine } from "../../shared/processing/engine/job-engine.ts"
import type { CommitDraft } from "../../shared/processing/task/commit.ts"

export type Row = Readonly<Record<string, unknown>>

/** Events of one batch of work, and the clock's steps between them. */
export const PER_WORK = 1_000
export const CLOCK_STEP_MS = 1_700
const CLOCK_START = Date.UTC(2026, 0, 1)
const INPUT = { source: 0, topic: "events", topicId: "t-events", partition: 0 }

export interface Outcome {
  /** By topic, in the order of their writing. */
  readonly rows: ReadonlyMap<string, readonly { readonly key: string | null; readonly row: Row }[]>
  readonly late: number
  /** The last watermark. */
  readonly watermark: number
}

interface RunOptions {
  readonly bounded?: boolean
  /** Batches of work after which the engine is thrown away and its state read back. */
  readonly restartEvery?: number
}

/** The same job over sources that end. */
function boundedJob(job: Job): Job {
  const made = new Map<GraphNode, GraphNode>()
  for (const at of job.graph) {
    const operator = at.operator.kind === "source" ? { ...at.operator, bounded: true } : at.operator
    made.set(at, { ...at, operator, inputs: at.inputs.map(input => made.get(input) as GraphNode) })
  }
  return { ...job, graph: [...made.values()] }
}

/** Runs a job over events through the engine: stored batches in, stored batches out. */
export function runJob(given: Job, events: readonly Arrival[], options: RunOptions = {}): Outcome {
  const job = options.bounded === true ? boundedJob(given) : given
  const { bounded = false, restartEvery = Number.POSITIVE_INFINITY } = options
  const topics = job.graph.flatMap(({ operator }) =>
    operator.kind === "topicSink" ? [operator.topic.name] : [],
  )
  const outputs = topics.map(topic => ({ topic, topicId: `t-${topic}`, partitions: 3 }))
  const engineOf = () => new JobEngine({ job, inputs: [INPUT], outputs, bounded, producerId: 2 ** 52 })
  const rows = new Map(topics.map(topic => [topic, [] as { key: string | null; row: Row }[]]))
  const runs: LoadedRun[] = []
  let engine = engineOf()
  engine.load([], undefined)
  let last: CommitDraft | undefined
  const work = (batches: readonly Uint8Array[], from: number, next: number, ended: boolean, now: number) => {
    const result = engine.work([{ ...INPUT, batches, from, next, ended }], now, [])
    if (!result.ok) throw new Error(result.poison.error)
    last = result.draft
    for (const { topicId, bytes } of result.draft.outputs) {
      for (const { key, value } of decodeRecords(bytes)) {
        const row = JSON.parse(Buffer.from(value ?? []).toString()) as Row
        const text = key === null ? null : Buffer.from(key).toString()
        rows.get(topicId.slice(2))?.push({ key: text, row })
      }
    }
    const { change } = result.draft
    if (change !== undefined)
      runs.push({ level: 0, seq: runs.length, bytes: change.run.length, run: change.run })
  }
  const stored = recordBatches(events, PER_WORK)
  for (const [index, batch] of stored.entries()) {
    if (index > 0 && index % restartEvery === 0) {
      engine = engineOf()
      engine.load(runs, last)
    }
    const next = Math.min((index + 1) * PER_WORK, events.length)
    work([batch], index * PER_WORK, next, bounded && next === events.length, clockOf(index))
  }
  // The clock goes on until every window by the clock has ended.
  if (!bounded) work([], events.length, events.length, false, clockOf(stored.length + 1_000))
  const watermark = Math.max(...events.map(({ timestamp }) => timestamp)) - WATERMARK_DELAY_MS - 1
  return { rows, late: last?.counters.late ?? 0, watermark: bounded ? Number.MAX_SAFE_INTEGER : watermark }
}

function clockOf(work: number): number {
  return CLOCK_START + work * CLOCK_STEP_MS
}

/**
 * A database with a table `bid`: the bids, with their place in the order of arrival (`seq`), the watermark before their
 * batch of work (`wm`) and the clock then (`clock`).
 */
export async function batchOracle(
  events: readonly Arrival[],
  folder: string,
  bounded: boolean,
): Promise<Oracle> {
  const lines: string[] = []
  let highest = Number.MIN_SAFE_INTEGER
  let wm = highest
  for (const [seq, { event, timestamp }] of events.entries()) {
    if (seq % PER_WORK === 0 && !bounded) wm = highest - WATERMARK_DELAY_MS - 1
    if (timestamp > highest) highest = timestamp
    const clock = clockOf(Math.floor(seq / PER_WORK))
    if (event.bid !== undefined)
      lines.push(JSON.stringify({ seq, wm: Math.max(wm, Number.MIN_SAFE_INTEGER), clock, ...event.bid }))
  }
  const file = join(folder, "bids.ndjson")
  writeFileSync(file, `${lines.join("\n")}\n`)
  const connection = await (await DuckDBInstance.create(":memory:")).connect()
  const numbers = ["seq", "wm", "clock", "auction", "bidder", "price", "dateTime"]
  const columns = [...numbers.map(name => `${name}: 'BIGINT'`), "extra: 'VARCHAR'"].join(", ")
  await connection.run(`create table bid as select * from read_ndjson('${file}', columns = {${columns}})`)
  return new Oracle(connection)
}

export class Oracle {
  readonly #connection: DuckDBConnection

  constructor(connection: DuckDBConnection) {
    this.#connection = connection
  }

  async rows(sql: string): Promise<readonly Row[]> {
    const read = await this.#connection.runAndReadAll(sql)
    return read
      .getRowObjects()
      .map(row =>
        Object.fromEntries(
          Object.entries(row).map(([name, value]) => [
            name,
            typeof value === "bigint" ? Number(value) : value,
          ]),
        ),
      )
  }

  close(): void {
    this.#connection.closeSync()
  }
}

/** Rows as sorted texts, to compare sets of them. */
export function canonicalRows(rows: readonly Row[]): readonly string[] {
  return rows
    .map(row => JSON.stringify(Object.entries(row).sort(([left], [right]) => (left < right ? -1 : 1))))
    .sort()
}

/** The newest row of each key, as a compacted topic keeps them. */
export function folded(
  records: readonly { readonly key: string | null; readonly row: Row }[],
): readonly Row[] {
  return [...new Map(records.map(({ key, row }) => [key, row])).values()]
}
