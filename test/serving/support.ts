import { zstdDecompressSync } from "node:zlib"
import { parquetReadObjects } from "hyparquet"
import type { TableSpec } from "../../shared/definition/table-spec.ts"
import { openLog } from "../../shared/log/open-log.ts"
import type { Log } from "../../shared/log/types.ts"
import { Builder } from "../../shared/serving/builder/builder.ts"
import { TableRegistry } from "../../shared/serving/tables/table-registry.ts"
import { StoredTableSource } from "../../shared/serving/tail/table-source.ts"
import { TailCache, type TailLimits } from "../../shared/serving/tail/tail-cache.ts"
import type { PinnedTable, TableFile } from "../../shared/serving/types.ts"
import type { MemoryPorts } from "../support/memory-ports.ts"

export const SPEC: TableSpec = {
  name: "events",
  topic: "events",
  columns: [
    { name: "id", type: "int" },
    { name: "at", type: "timestamp" },
  ],
  time: "at",
}

/** One process's serving: its own caches over shared stores. */
export interface Serving {
  readonly log: Log
  readonly registry: TableRegistry
  readonly tails: TailCache
  readonly source: StoredTableSource
  readonly builder: Builder
}

export function openServing(
  ports: MemoryPorts,
  options: { log?: Log; limits?: TailLimits; fetchCost?: number } = {},
): Serving {
  const log = options.log ?? openLog(ports)
  const registry = new TableRegistry(ports, log)
  const tails = new TailCache(log, options.fetchCost === undefined ? {} : { fetchCost: options.fetchCost })
  const source = new StoredTableSource(ports, registry, tails, options.limits)
  const builder = new Builder(ports, registry, tails)
  return { log, registry, tails, source, builder }
}

export async function openWithTable(
  ports: MemoryPorts,
  options: { partitions?: number; spec?: Partial<TableSpec>; limits?: TailLimits; fetchCost?: number } = {},
): Promise<Serving & { topicId: string }> {
  const serving = openServing(ports, options)
  const { partitions = 1, spec } = options
  const topic = await serving.log.createTopic({ name: "events", partitions, owner: "http" })
  await serving.registry.create({ ...SPEC, ...spec }, "http")
  return { ...serving, topicId: topic.id }
}

export async function rowsOf(file: TableFile): Promise<Record<string, unknown>[]> {
  const bytes = await file.read()
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer
  const rows = await parquetReadObjects({
    file: buffer,
    compressors: { ZSTD: input => new Uint8Array(zstdDecompressSync(input)) },
  })
  if (rows.length !== file.rows) throw new Error(`${file.id} says ${file.rows} rows and has ${rows.length}`)
  return rows
}

/** All rows of a pin, segments first. */
export async function allRows(pin: PinnedTable | undefined): Promise<Record<string, unknown>[]> {
  if (pin === undefined) throw new Error("no such table")
  const files = await Promise.all([...pin.segments, ...pin.tail].map(rowsOf))
  const rows = files.flat()
  if (rows.length !== pin.rows) throw new Error(`the pin says ${pin.rows} rows and has ${rows.length}`)
  return rows
}

export const idsOf = async (pin: PinnedTable | undefined) => (await allRows(pin)).map(row => row.id)

export const event = (id: number) => JSON.stringify({ id, at: 1_000 + id })
