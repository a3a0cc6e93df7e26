import type { ColumnSpec, RollupSpec, TableSpec } from "../../shared/definition/table-spec.ts"
import type { Platform } from "../../shared/embedded/platform.ts"
import { tableCompanions } from "../../shared/serving/builder/table-companions.ts"
import { NO_COUNTS } from "../../shared/serving/ingest/batch.ts"
import type { ColumnBatch, ColumnVector } from "../../shared/serving/ingest/column.ts"
import { commitManifest, readManifest } from "../../shared/serving/manifest/manifest-store.ts"
import { makeSegment } from "../../shared/serving/segment/make-segment.ts"
import type { TableInfo } from "../../shared/serving/tables/table-item.ts"
import { columns, computedColumns, numbersOf, rowAt } from "./rows.ts"

/** One segment each, of the dates that follow those of the one before. */
export const PARTITIONS = 4
const SEED = 5

export const spec: TableSpec = { name: "lineorder", topic: "lineorder", columns, sort: ["lo_orderdate"] }

const indexed = columns.filter(({ name }) => /^(?:d_|c_|s_|p_)|^lo_(?:discount|quantity)$/.test(name))

/** The table with inverted indexes on what the queries filter by. */
export const indexedSpec: TableSpec = {
  ...spec,
  indexes: Object.fromEntries(indexed.map(({ name }) => [name, ["inverted"] as const])),
}

/**
 * The indexed table with columns for the queries' expressions, and a rollup for each family of queries; those that name
 * two cities and a month, or a city and a brand, are the indexes'.
 */
export const rollupSpec: TableSpec = {
  ...indexedSpec,
  columns: [...columns, ...computedColumns],
  rollups: [
    rollup("discounts", "lo_disc_price", "d_year d_yearmonthnum lo_discount d_weeknuminyear lo_quantity"),
    rollup("brands", "lo_revenue", "s_region p_category d_year p_brand1"),
    rollup("places", "lo_revenue", "c_region s_region d_year c_nation s_nation c_city s_city"),
    rollup("profits", "lo_profit", "c_region s_region p_mfgr d_year c_nation s_nation p_category"),
  ],
}

function rollup(name: string, column: string, dimensions: string): RollupSpec {
  return { name, dimensions: dimensions.split(" "), aggregates: [{ fn: "sum", column }] }
}

function vectors(from: number, end: number, count: number, specs: readonly ColumnSpec[]): ColumnVector[] {
  const rows = end - from
  const values = specs.map(({ type }) =>
    type === "int" ? new Int32Array(rows) : (new Array(rows).fill("") as string[]),
  )
  const numbers = numbersOf(SEED + from)
  for (let row = 0; row < rows; row++) {
    const record = rowAt(numbers, from + row, count)
    for (let column = 0; column < specs.length; column++) {
      values[column]![row] = record[specs[column]!.name] as never
    }
  }
  const nulls = new Uint8Array(rows)
  return specs.map(({ type }, at) => ({ type, nulls, nullCount: 0, values: values[at] }) as ColumnVector)
}

/** Rows as one batch that stands for the partition's first record, so that the log need not hold two million of them. */
function batchOf(from: number, end: number, count: number, specs: readonly ColumnSpec[]): ColumnBatch {
  const rows = end - from
  return {
    base: 0,
    next: 1,
    rows,
    offsets: Float64Array.from({ length: rows }, (_, row) => row),
    columns: vectors(from, end, count, specs),
    decodedBytes: 0,
    maxTimestamp: 0,
    counts: NO_COUNTS,
  }
}

export interface Loaded {
  readonly bytes: number
  readonly buildMs: number
}

/** Writes one segment, as the builder does, and names it in the manifest. */
async function loadPartition(
  { ports }: Platform,
  table: TableInfo,
  partition: number,
  batch: ColumnBatch,
): Promise<number> {
  const { manifest, date } = await readManifest(ports, table.id, partition)
  if (manifest === undefined) throw new Error("no manifest")
  const companions = tableCompanions(ports.random)
  const made = await makeSegment(table, partition, batch, { random: ports.random, companions })
  const notAfter = date + 600_000
  let bytes = 0
  for (const { key, body } of made.objects) {
    await ports.objects.put(key, body, { ifAbsent: true, notAfter })
    bytes += body.length
  }
  const next = { ...manifest, version: ports.random.id(), position: 1, segments: [made.pointer] }
  if ((await commitManifest(ports, manifest, next, notAfter)) !== "committed")
    throw new Error("not committed")
  return bytes
}

/** Makes the topic and the table with `count` rows. Rows are generated outside of what is timed. */
export async function load(platform: Platform, definition: TableSpec, count: number): Promise<Loaded> {
  const { log, tables } = platform
  await log.createTopic({ name: definition.topic, partitions: PARTITIONS, owner: "http" })
  const table = await tables.create(definition, "http")
  let bytes = 0
  let buildMs = 0
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const [from, end] = [partition, partition + 1].map(at => Math.floor((at * count) / PARTITIONS))
    const batch = batchOf(from!, end!, count, definition.columns)
    const began = performance.now()
    bytes += await loadPartition(platform, table, partition, batch)
    buildMs += performance.now() - began
  }
  return { bytes, buildMs }
}
