import { StorageError } from "../../storage/errors.ts"
import type { Fields, Item, ItemKey } from "../../storage/meta-store.ts"
import type { Refusal } from "../ingest/column.ts"
import { decodePointer, encodePointer, hasExtras } from "../segment/segment-key.ts"
import type {
  FaultCount,
  Gap,
  Letters,
  ListPointer,
  Manifest,
  Purge,
  RunPointer,
  Totals,
  VectorPointer,
} from "./manifest.ts"

/**
 * Versions of the item and of the lists. What uses nothing that 1 lacks is written as 1. Version 2 adds vectors, runs,
 * purges, `compareMax`, `cutBefore`, `refused` and `letters`, and to pointers what stands beside a segment.
 */
export const MANIFEST_FORMATS: readonly unknown[] = [1, 2]

const PARTITION_DIGITS = 5

/** All manifests of a table share a partition key, so that one query reads them. */
export const manifestPk = (tableId: string): string => `manifest#${tableId}`

export function manifestItemKey(tableId: string, partition: number): ItemKey {
  return { pk: manifestPk(tableId), sk: `p#${String(partition).padStart(PARTITION_DIGITS, "0")}` }
}

/**
 * The item: `v`, `position`, `timeMax`, `freshAt`, `flushedAt`, `closed`, `drained` as attributes; the rest as JSON text, pointers
 * as arrays, since their names would be longer than their values.
 */
export function encodeManifest(manifest: Manifest): Item {
  const { totals, vectors, runs, purges, compareMax, cutBefore, refused, letters } = manifest
  const more: Fields = {
    ...(vectors.length === 0 ? {} : { vectors: JSON.stringify(vectors.map(vectorRow)) }),
    ...(runs.length === 0 ? {} : { runs: JSON.stringify(runs.map(runRow)) }),
    ...(compareMax === undefined ? {} : { compareMax }),
    ...(cutBefore === undefined ? {} : { cutBefore }),
    ...(refused === undefined ? {} : { refused: JSON.stringify([refused.offset, refused.why]) }),
    ...(letters === undefined ? {} : { letters: JSON.stringify(lettersRow(letters)) }),
  }
  const isPlain = Object.keys(more).length === 0 && purges.length === 0 && !manifest.segments.some(hasExtras)
  const fields: Fields = {
    v: isPlain ? 1 : 2,
    position: manifest.position,
    ...(manifest.timeMax === undefined ? {} : { timeMax: manifest.timeMax }),
    freshAt: manifest.freshAt,
    flushedAt: manifest.flushedAt,
    closed: manifest.closed,
    drained: manifest.drained,
    purges: JSON.stringify(purges.map(({ id, where, end, done }) => [id, where, end, done])),
    gaps: JSON.stringify(manifest.gaps.map(({ base, next }) => [base, next])),
    totals: JSON.stringify([totals.records, totals.rows, totals.filtered, totals.skipped, totals.nulled]),
    faults: JSON.stringify(manifest.faults),
    lists: JSON.stringify(
      manifest.lists.map(({ base, next, id, segments, rows }) => [base, next, id, segments, rows]),
    ),
    segments: JSON.stringify(manifest.segments.map(encodePointer)),
    ...more,
  }
  return { ...manifestItemKey(manifest.tableId, manifest.partition), version: manifest.version, fields }
}

const lettersRow = ({ topicId, partition, producerId, sequence, pending }: Letters) =>
  [
    topicId,
    partition,
    producerId,
    sequence,
    ...(pending === undefined ? [] : [[pending.id, pending.sizeBytes, pending.crc32c, pending.sequence]]),
  ] as const

const vectorRow = ({ id, sizeBytes, crc32c, base, next, offsets }: VectorPointer) =>
  [id, sizeBytes, crc32c, base, next, offsets] as const

const runRow = ({ id, sizeBytes, crc32c, directoryBytes, entries, level }: RunPointer) =>
  [id, sizeBytes, crc32c, directoryBytes, entries, level] as const

/** Throws `StorageError` (`unknown_format`) for a version that is not known here. */
export function decodeManifest(tableId: string, item: Item): Manifest {
  const { fields } = item
  if (!MANIFEST_FORMATS.includes(fields.v)) {
    throw new StorageError(
      "unknown_format",
      `manifest ${item.pk} ${item.sk} has format ${fields.v}; expected ${MANIFEST_FORMATS.join(" or ")}`,
    )
  }
  return {
    tableId,
    partition: Number(item.sk.slice(2)),
    version: item.version,
    position: offset(fields.position),
    ...(typeof fields.timeMax === "number" ? { timeMax: fields.timeMax } : {}),
    freshAt: offset(fields.freshAt),
    flushedAt: offset(fields.flushedAt),
    closed: fields.closed === true,
    drained: fields.drained === true,
    gaps: rows(fields.gaps).map(readGap),
    totals: readTotals(parse(fields.totals)),
    faults: rows(fields.faults).map(readFault),
    lists: rows(fields.lists).map(readListPointer),
    segments: rows(fields.segments).map(decodePointer),
    vectors: rows(fields.vectors ?? "[]").map(readVector),
    runs: rows(fields.runs ?? "[]").map(readRun),
    purges: rows(fields.purges).map(readPurge),
    ...(typeof fields.compareMax === "number" ? { compareMax: fields.compareMax } : {}),
    ...(typeof fields.cutBefore === "number" ? { cutBefore: fields.cutBefore } : {}),
    ...(fields.refused === undefined ? {} : { refused: readRefused(parse(fields.refused)) }),
    ...(fields.letters === undefined ? {} : { letters: readLetters(parse(fields.letters)) }),
  }
}

const corrupt = (what: unknown) =>
  new StorageError("corrupt", `expected a part of a manifest, got ${JSON.stringify(what)}`)

function offset(value: unknown): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) throw corrupt(value)
  return value
}

function parse(text: unknown): unknown {
  try {
    return JSON.parse(String(text))
  } catch {
    throw corrupt(text)
  }
}

function rows(text: unknown): readonly unknown[] {
  const parsed = parse(text)
  if (!Array.isArray(parsed)) throw corrupt(text)
  return parsed
}

function numbers(value: unknown, count: number): readonly number[] {
  if (!Array.isArray(value) || value.length !== count) throw corrupt(value)
  return value.map(offset)
}

function readRefused(value: unknown): Refusal {
  const [at, why] = Array.isArray(value) ? value : []
  if (typeof why !== "string") throw corrupt(value)
  return { offset: offset(at), why }
}

function readLetters(value: unknown): Letters {
  const [topicId, partition, producerId, sequence, waiting] = Array.isArray(value) ? value : []
  if (typeof topicId !== "string") throw corrupt(value)
  const letters = {
    topicId,
    partition: offset(partition),
    producerId: offset(producerId),
    sequence: offset(sequence),
  }
  if (waiting === undefined) return letters
  const [id, sizeBytes, crc32c, first] = Array.isArray(waiting) ? waiting : []
  if (typeof id !== "string") throw corrupt(value)
  const pending = { id, sizeBytes: offset(sizeBytes), crc32c: offset(crc32c), sequence: offset(first) }
  return { ...letters, pending }
}

function readGap(value: unknown): Gap {
  const [base, next] = numbers(value, 2) as [number, number]
  return { base, next }
}

function readTotals(value: unknown): Totals {
  const [records, rows, filtered, skipped, nulled] = numbers(value, 5) as [
    number,
    number,
    number,
    number,
    number,
  ]
  return { records, rows, filtered, skipped, nulled }
}

function readFault(value: unknown): FaultCount {
  const [fault, count] = Array.isArray(value) ? value : []
  if (typeof fault !== "string") throw corrupt(value)
  return [fault, offset(count)]
}

function readListPointer(value: unknown): ListPointer {
  const [base, next, id, segments, rows] = Array.isArray(value) ? value : []
  if (typeof id !== "string") throw corrupt(value)
  return { base: offset(base), next: offset(next), id, segments: offset(segments), rows: offset(rows) }
}

/** An id, and five figures of the object that it names. */
function idAndFigures(value: unknown): readonly [string, number, number, number, number, number] {
  const [id, ...figures] = Array.isArray(value) ? value : []
  if (typeof id !== "string") throw corrupt(value)
  return [id, ...(numbers(figures, 5) as [number, number, number, number, number])]
}

function readVector(value: unknown): VectorPointer {
  const [id, sizeBytes, crc32c, base, next, offsets] = idAndFigures(value)
  return { id, sizeBytes, crc32c, base, next, offsets }
}

function readRun(value: unknown): RunPointer {
  const [id, sizeBytes, crc32c, directoryBytes, entries, level] = idAndFigures(value)
  return { id, sizeBytes, crc32c, directoryBytes, entries, level }
}

function readPurge(value: unknown): Purge {
  const [id, where, end, done] = Array.isArray(value) ? value : []
  if (typeof id !== "string" || typeof where !== "string") throw corrupt(value)
  return { id, where, end: offset(end), done: offset(done) }
}
