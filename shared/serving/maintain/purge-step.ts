import { notAfter } from "../../storage/not-after.ts"
import { conditionOf } from "../index/interval.ts"
import { judgeByZones } from "../index/segment-facts.ts"
import { judge } from "../index/verdict.ts"
import type { Manifest, Purge } from "../manifest/manifest.ts"
import { commitManifest } from "../manifest/manifest-store.ts"
import { matchingRows } from "../purge/matching.ts"
import { columnsOf } from "../purge/where-columns.ts"
import type { SegmentPointer, Zone } from "../segment/segment-key.ts"
import { columnsAt } from "../tail/pinned-files.ts"
import type { RunReader } from "../upsert/run-reader.ts"
import { eraseRuns } from "./erase-runs.ts"
import { decodeHeld, readSegmentFile, widened } from "./read-segments.ts"
import type { MaintainPorts } from "./replace-segments.ts"
import { columnsLacking, type Found } from "./rewrite.ts"

/** Segments looked at in one step: it is bounded, and what was looked at is not looked at again. */
const LOOKED_AT_MAX = 32

/** How far the erasures of a partition are: the first segment that has to be rewritten, and what lies before it. */
export interface PurgeLook {
  /** Undefined: none of those looked at. */
  readonly hit: SegmentPointer | undefined
  /** Below it no segment holds a row that is to go. */
  readonly clean: number
}

/**
 * Looks for the first segment that holds a row, dead or not, for which an open erasure holds. Only the columns that the
 * conditions name are decoded. Throws `StorageError`.
 */
export async function lookForPurged(ports: MaintainPorts, found: Found): Promise<PurgeLook> {
  const { segments, purges } = found
  const from = Math.min(...purges.map(({ done }) => done))
  const end = Math.max(...purges.map(purge => purge.end))
  const open = segments.filter(({ base, next }) => next > from && base < end)
  let looked = 0
  for (const segment of open) {
    if (!mayHoldPurged(found, segment)) continue
    if (looked++ === LOOKED_AT_MAX) return { hit: undefined, clean: segment.base }
    if (await holdsPurged(ports, found, segment)) return { hit: segment, clean: segment.base }
  }
  return { hit: undefined, clean: Math.max(from, found.manifest.position) }
}

/** As far as the pointer tells. */
function mayHoldPurged({ table, purges }: Found, { timeMin, timeMax, ...segment }: SegmentPointer): boolean {
  const { columns, time } = table.spec
  const held = columnsAt(table, segment.schemaVersion)
  if (columnsLacking(table, segment as SegmentPointer).length > 0) return true
  const timeZone: Zone | undefined = timeMin === undefined ? undefined : [timeMin, timeMax ?? timeMin, 1]
  const zones = (column: string) => (column === time ? timeZone : undefined) ?? segment.zones?.[column]
  const judged = judgeByZones({ columns }, { columns: held }, zones, { nullsAreValues: false })
  return purges.some(
    ({ where, end, done }) =>
      segment.base < end && segment.next > done && judge(conditionOf(where), judged).rows !== "none",
  )
}

async function holdsPurged(ports: MaintainPorts, found: Found, segment: SegmentPointer): Promise<boolean> {
  const { table, manifest, purges } = found
  const held = columnsAt(table, segment.schemaVersion)
  const { columns } = table.spec
  const named = new Set(purges.flatMap(({ where }) => [...columnsOf(where)]))
  const specs = columns.filter(({ name }) => named.has(name))
  // Its values come with the column, when the segment is written anew: at once, since nobody looks here again.
  if (columnsLacking(table, segment).some(({ name }) => named.has(name))) return true
  const body = await readSegmentFile(ports, table.id, manifest.partition, segment)
  const decoded = await decodeHeld(body, held, specs)
  const present = decoded.specs.map(({ name }) => specs.find(one => one.name === name)!)
  const rows = {
    rows: decoded.rows,
    columns: present.map((spec, index) => widened(decoded.columns[index]!, spec)),
  }
  return purges.some(({ where, end, done }) => {
    if (segment.base >= end || segment.next <= done) return false
    const matching = matchingRows(where, present, rows)
    return matching.some((isMatch, row) => isMatch === 1 && decoded.offsets[row]! < end)
  })
}

/**
 * The erasures once everything below `clean` is rid of their rows; those that are through are left out. Pure.
 * @param mayLeave false: those that are through stay, since the key index may hold such rows
 */
export function advancedPurges(
  { purges, position }: Manifest,
  known: readonly Purge[],
  base: number,
  clean: number,
  mayLeave = true,
): readonly Purge[] {
  const ids = new Set(known.map(({ id }) => id))
  return purges
    .map(purge =>
      ids.has(purge.id) && purge.done >= base ? { ...purge, done: Math.max(purge.done, clean) } : purge,
    )
    .filter(({ done, end }) => !mayLeave || done < end || position < end)
}

/**
 * Notes how far erasures are, where no segment had to be rewritten. One that is through leaves once the key index is rid of
 * merged rows that it takes: else the next record would be merged into one.
 */
export async function notePurged(
  ports: MaintainPorts,
  reader: RunReader,
  found: Found,
  clean: number,
): Promise<"purged" | "idle" | "lost"> {
  const { manifest, date } = found
  const base = Math.min(...manifest.purges.map(({ done }) => done))
  const purges = advancedPurges(manifest, manifest.purges, base, clean)
  if (purges.length < manifest.purges.length) {
    const erased = await eraseRuns(ports, reader, found)
    if (erased !== "clean") return erased === "erased" ? "purged" : "lost"
  }
  if (JSON.stringify(purges) === JSON.stringify(manifest.purges)) return "idle"
  const to = { ...manifest, purges, version: ports.random.id() }
  const outcome = await commitManifest(ports, manifest, to, notAfter(date))
  return outcome === "committed" ? "purged" : "lost"
}
