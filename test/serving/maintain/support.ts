import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { TableSpec } from "../../../shared/definition/table-spec.ts"
import { DuckdbEngine } from "../../../shared/serving/duckdb/engine.ts"
import type { Maintainer } from "../../../shared/serving/maintain/maintainer.ts"
import { vectorPointer } from "../../../shared/serving/manifest/dead-offsets.ts"
import type { Manifest } from "../../../shared/serving/manifest/manifest.ts"
import { commitManifest, readManifest } from "../../../shared/serving/manifest/manifest-store.ts"
import { encodeDeadVector } from "../../../shared/serving/segment/dead-vector.ts"
import { companionKey } from "../../../shared/serving/segment/segment-key.ts"
import type { SqlValue } from "../../../shared/serving/types.ts"
import { append } from "../../log/support.ts"
import { type MemoryPorts, memoryPorts } from "../../support/memory-ports.ts"
import { openWithTable, type Serving } from "../support.ts"

/** A table whose manifests a test reads and edits. */
export interface Maintained extends Serving {
  readonly ports: MemoryPorts
  readonly tableId: string
  readonly topicId: string
  manifest(partition?: number): Promise<Manifest>
  edit(change: (manifest: Manifest) => Partial<Manifest>, partition?: number): Promise<void>
  /** Adds a vector of these offsets. */
  kill(offsets: readonly number[], partition?: number): Promise<void>
  /** Appends records as JSON and flushes them into a segment. */
  flush(values: readonly object[], partition?: number): Promise<void>
}

export async function openMaintained(
  spec: Partial<TableSpec> = {},
  options: { partitions?: number; ports?: MemoryPorts } = {},
): Promise<Maintained> {
  const ports = options.ports ?? memoryPorts()
  const serving = await openWithTable(ports, { spec, partitions: options.partitions ?? 1 })
  const tableId = (await serving.registry.find("events"))!.table.id
  const manifest = async (partition = 0) => (await readManifest(ports, tableId, partition)).manifest!
  const edit: Maintained["edit"] = async (change, partition = 0) => {
    const { manifest: from, date } = await readManifest(ports, tableId, partition)
    const to = { ...from!, ...change(from!), version: ports.random.id() }
    if ((await commitManifest(ports, from!, to, date + 60_000)) !== "committed") throw new Error("not edited")
  }
  return {
    ...serving,
    ports,
    tableId,
    manifest,
    edit,
    async kill(offsets, partition = 0) {
      const set = { offsets: Float64Array.from(offsets) }
      const body = encodeDeadVector(set)
      const id = ports.random.id()
      await ports.objects.put(companionKey(tableId, partition, "dead", id), body)
      await edit(({ vectors }) => ({ vectors: [...vectors, vectorPointer(id, set, body)] }), partition)
    },
    async flush(values, partition = 0) {
      await appendTo(serving, values, partition)
      const step = await serving.builder.step("events", partition, true)
      if (step.kind !== "flushed") throw new Error(`not flushed: ${step.kind}`)
    },
  }
}

export const appendTo = ({ log }: Pick<Serving, "log">, values: readonly object[], partition = 0) =>
  append(
    log,
    values.map(value => JSON.stringify(value)),
    { partition },
  )

/** SQL over pins, by the engine that serves queries. */
export function openSql(): {
  rows(serving: Pick<Serving, "source">, sql: string): Promise<readonly (readonly SqlValue[])[]>
  close(): Promise<void>
} {
  const folder = mkdtempSync(join(tmpdir(), "maintain-"))
  const engine = new DuckdbEngine({ folder: join(folder, "scratch"), children: 1 })
  return {
    async rows({ source }, sql) {
      const limits = { deadlineMs: 20_000, rowsMax: 10_000, resultBytesMax: 1_000_000 }
      const reply = await engine.run({ sql, tables: [(await source.pin("events"))!], limits })
      if (!reply.ok) throw reply.error
      return reply.value.rows
    },
    async close() {
      await engine.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Takes steps until there is nothing to do; what they were for. */
export async function settle(maintainer: Maintainer, partition = 0): Promise<string[]> {
  const done: string[] = []
  for (let steps = 0; steps < 100; steps++) {
    const result = await maintainer.step("events", partition)
    if (result.kind === "idle" || result.kind === "stopped") return done
    done.push(result.kind === "done" ? result.what : result.kind)
  }
  throw new Error(`no end: ${done}`)
}
