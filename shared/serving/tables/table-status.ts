import type { Refusal } from "../ingest/column.ts"
import { addFaults, type FaultCount, type Gap, NO_TOTALS, type Totals } from "../manifest/manifest.ts"
import { type ManifestPorts, readManifests } from "../manifest/manifest-store.ts"
import type { TableInfo } from "./table-item.ts"

/** How far a partition is built. */
export interface PartitionStatus {
  readonly partition: number
  readonly position: number
  readonly segments: number
  readonly drained: boolean
  /** Offsets that the log had given up before the table came to read them. */
  readonly gaps: readonly Gap[]
  /** The record before which it stopped, and why: altering the table lets it go on. */
  readonly refused?: Refusal
}

/** How far a partition of a table is that is built anew, and where it may take over. */
export interface RebuildStatus extends Pick<PartitionStatus, "partition" | "position" | "refused"> {
  readonly end: number
}

/** What a table's segments were made of; the tail is not in it. */
export interface TableStatus {
  readonly totals: Totals
  /** Offsets that the log had given up before the table came to read them, in all partitions. */
  readonly missed: number
  /** Why records were skipped or fields made null, the most frequent first. */
  readonly faults: readonly FaultCount[]
  readonly partitions: readonly PartitionStatus[]
}

/** Reads a table's manifests and adds them up. Throws `StorageError`. */
export async function tableStatus(ports: ManifestPorts, table: TableInfo): Promise<TableStatus> {
  const { manifests } = await readManifests(ports, table.id)
  return {
    totals: manifests.reduce((sum, { totals }) => add(sum, totals), NO_TOTALS),
    missed: manifests.reduce((sum, { gaps }) => sum + missedOf(gaps), 0),
    faults: manifests.reduce<readonly FaultCount[]>((all, { faults }) => addFaults(all, faults), []),
    partitions: manifests.map(({ partition, position, lists, segments, drained, gaps, refused }) => ({
      partition,
      position,
      segments: lists.reduce((sum, list) => sum + list.segments, segments.length),
      drained,
      gaps,
      ...(refused === undefined ? {} : { refused }),
    })),
  }
}

/** Of a table that is built anew, by partition. Throws `StorageError`. */
export async function rebuildStatus(
  ports: ManifestPorts,
  { id, rebuild }: TableInfo,
): Promise<readonly RebuildStatus[]> {
  const { manifests } = await readManifests(ports, id)
  return manifests.map(({ partition, position, refused }) => ({
    partition,
    position,
    end: rebuild?.ends[partition] ?? 0,
    ...(refused === undefined ? {} : { refused }),
  }))
}

function missedOf(gaps: readonly Gap[]): number {
  return gaps.reduce((sum, { base, next }) => sum + next - base, 0)
}

function add(a: Totals, b: Totals): Totals {
  return {
    records: a.records + b.records,
    rows: a.rows + b.rows,
    filtered: a.filtered + b.filtered,
    skipped: a.skipped + b.skipped,
    nulled: a.nulled + b.nulled,
  }
}
