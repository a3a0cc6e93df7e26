import { createHash } from "node:crypto"
import { encodeParquet } from "../segment/parquet.ts"
import type { PinnedTable, TableFile } from "../types.ts"
import type { SlotCut, SlotFile, SlotPurge } from "./view-sql.ts"

/** A table's files as slots have them, and the dead offsets of its segments as files of their own. */
export interface TableSlotFiles {
  readonly segments: readonly TableFile[]
  /** The file of dead offsets of a segment, by the segment's id. */
  readonly deadOf: ReadonlyMap<string, TableFile>
  readonly tail: readonly TableFile[]
}

const withRows = (files: readonly TableFile[]): readonly TableFile[] => files.filter(({ rows }) => rows > 0)

export function filesOf({ segments, tail }: PinnedTable): TableSlotFiles {
  return { segments: withRows(segments), deadOf: deadFiles(segments), tail: withRows(tail) }
}

/** One file a partition that has dead rows: a view reads it once for all of its segments. */
function deadFiles(segments: readonly TableFile[]): Map<string, TableFile> {
  const byPartition = new Map<number, TableFile[]>()
  for (const file of withRows(segments)) {
    if (file.segment?.dead === undefined) continue
    const { partition } = file.segment
    byPartition.set(partition, [...(byPartition.get(partition) ?? []), file])
  }
  const files = new Map<string, TableFile>()
  for (const group of byPartition.values()) {
    const dead = deadFile(group)
    for (const { id } of group) files.set(id, dead)
  }
  return files
}

/** Named by what it holds: dead offsets come and go with the tail. */
function deadFile(group: readonly TableFile[]): TableFile {
  const { tableId, partition } = group[0]!.segment!
  const sets = group.map(({ segment }) => segment!.dead!.offsets)
  const offsets = new Float64Array(sets.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const set of sets) {
    offsets.set(set, at)
    at += set.length
  }
  const digest = createHash("sha256").update(new Uint8Array(offsets.buffer)).digest("hex")
  const rows = { base: 0, next: 1, rows: offsets.length, offsets, columns: [] }
  const identity = { tableId, partition, schemaVersion: 0 }
  return {
    id: `dead/${digest}`,
    rows: offsets.length,
    // At most: where all of them differ by much.
    sizeBytes: 1_024 + offsets.byteLength,
    read: async () => encodeParquet([], rows, identity, { codec: "none" }),
  }
}

/** The files behind a table's view; one without a slot is left out. */
export function slotFiles(
  table: PinnedTable,
  files: TableSlotFiles,
  slotOf: ReadonlyMap<string, string>,
): SlotFile[] {
  const { columns } = table
  return [...files.segments, ...files.tail].flatMap((file): SlotFile[] => {
    const slot = slotOf.get(file.id)
    if (slot === undefined) return []
    const dead = slotOf.get(files.deadOf.get(file.id)?.id ?? "")
    return [
      {
        slot,
        columns: file.columns ?? columns,
        ...(dead === undefined ? {} : { dead }),
        ...exclusionsOf(table, file),
      },
    ]
  })
}

function exclusionsOf(
  { time, cutBefore, columns, purges = [] }: PinnedTable,
  { segment, columns: held = columns }: TableFile,
): { readonly purges?: readonly SlotPurge[]; readonly cut?: SlotCut } {
  // The tail's files hold only rows that count.
  if (segment === undefined) return {}
  const { pointer, partition } = segment
  const open = purges
    .filter(purge => purge.partition === partition && pointer.base < purge.end && pointer.next > purge.done)
    .map(({ where, columns: named, end }) => ({
      where,
      columns: named,
      ...(pointer.next > end ? { end } : {}),
    }))
  const timed = held.find(({ name }) => name === time)
  // Without a word of times there may be any, unless it is said that there are none.
  const { timeMin = pointer.untimed === true ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY } = pointer
  const isCut = cutBefore !== undefined && timed !== undefined && timeMin < cutBefore
  return {
    ...(open.length === 0 ? {} : { purges: open }),
    ...(isCut ? { cut: { column: timed, before: cutBefore } } : {}),
  }
}
