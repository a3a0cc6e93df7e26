import type { TableSpec } from "../../../shared/definition/table-spec.ts"
import type { Log } from "../../../shared/log/types.ts"
import { Builder } from "../../../shared/serving/builder/builder.ts"
import type { ColumnVector } from "../../../shared/serving/ingest/column.ts"
import { Maintainer } from "../../../shared/serving/maintain/maintainer.ts"
import { MERGE_LIMITS } from "../../../shared/serving/maintain/plan-merge.ts"
import { decodeParquet } from "../../../shared/serving/segment/decode.ts"
import { hasOffset } from "../../../shared/serving/segment/offset-set.ts"
import { TableRegistry } from "../../../shared/serving/tables/table-registry.ts"
import { StoredTableSource } from "../../../shared/serving/tail/table-source.ts"
import { TailCache } from "../../../shared/serving/tail/tail-cache.ts"
import type { PinnedTable, TableFile } from "../../../shared/serving/types.ts"
import { KeyIndexes, type KeyIndexOptions } from "../../../shared/serving/upsert/key-indexes.ts"
import type { Ports } from "../../../shared/storage/time.ts"
import type { ModelRow } from "./model.ts"

/** One process's serving of tables with a key. */
export interface KeyedServing {
  readonly registry: TableRegistry
  readonly source: StoredTableSource
  readonly builder: Builder
  readonly maintainer: Maintainer
}

/** Every two neighbours are merged. */
const SMALL_MERGES = { ...MERGE_LIMITS, fanIn: 2 }

/** @param shared builder and queries share key indexes, as at home */
export function openKeyed(
  ports: Ports,
  log: Log,
  options: KeyIndexOptions & { shared?: boolean } = {},
): KeyedServing {
  const registry = new TableRegistry(ports, log)
  const tails = new TailCache(log)
  const indexes = new KeyIndexes(ports, options)
  const own = options.shared === false ? new KeyIndexes(ports, options) : indexes
  return {
    registry,
    source: new StoredTableSource(ports, registry, tails, undefined, own),
    builder: new Builder(ports, registry, tails, { indexes }),
    maintainer: new Maintainer(ports, registry, log, { merge: SMALL_MERGES }),
  }
}

type Decoded = readonly { readonly offset: number; readonly row: ModelRow }[]

/** Rows of pins, as models have them. Files are decoded once. */
export class PinReader {
  readonly #spec: TableSpec
  readonly #files = new Map<string, Decoded>()

  constructor(spec: TableSpec) {
    this.#spec = spec
  }

  /** By partition, in the order of offsets. Dead rows of segments are left out; a tail's file has to be without them. */
  async rows(pin: PinnedTable, partitions: number): Promise<ModelRow[][]> {
    const all: ModelRow[][] = Array.from({ length: partitions }, () => [])
    const v = this.#spec.columns.findIndex(({ name }) => name === "v") + 1
    const isErased = (partition: number, offset: number, row: ModelRow) =>
      (pin.purges ?? []).some(
        ({ partition: of, end, where }) =>
          of === partition &&
          offset < end &&
          where.kind === "compare" &&
          row[v] !== null &&
          Number(row[v]) >= Number(where.value),
      )
    for (const file of [...pin.segments, ...pin.tail]) {
      const partition = file.segment?.partition ?? Number(file.id.split("/")[3])
      const dead = file.segment?.dead
      for (const { offset, row } of await this.#decode(file)) {
        const isDead = dead !== undefined && hasOffset(dead, offset)
        const isGone = file.segment !== undefined && isErased(partition, offset, row)
        if (!isDead && !isGone) all[partition]!.push(row)
      }
    }
    for (const rows of all) rows.sort((a, b) => Number(a[0]) - Number(b[0]))
    return all
  }

  async #decode(file: TableFile): Promise<Decoded> {
    const known = this.#files.get(file.id)
    if (known !== undefined) return known
    const { batch } = file
    const { offsets, columns } = batch ?? (await decodeParquet(await file.read(), this.#spec.columns))
    const rows = Array.from(offsets, (offset, at) => ({
      offset,
      row: [offset, ...columns.map(column => cellOf(column, at))],
    }))
    if (rows.length !== file.rows) throw new Error(`${file.id} says ${file.rows} rows and has ${rows.length}`)
    this.#files.set(file.id, rows)
    return rows
  }
}

function cellOf({ type, nulls, values }: ColumnVector, row: number): unknown {
  if (nulls[row] === 1) return null
  const value = values[row]
  return type === "boolean" ? value === 1 : typeof value === "bigint" ? Number(value) : value
}
