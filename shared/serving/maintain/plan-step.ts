import type { Manifest, Purge } from "../manifest/manifest.ts"
import { PURGES_OPEN_MAX } from "../purge/purge-table.ts"
import { sliceOffsets } from "../segment/offset-set.ts"
import type { SegmentPointer } from "../segment/segment-key.ts"
import { needsFolding } from "./fold-vectors.ts"
import { MERGE_LIMITS, type MergeLimits, planMerge } from "./plan-merge.ts"
import { columnsLacking, type Found } from "./rewrite.ts"

/** What a step does to a partition. `rewrite` makes one segment of neighbours, or of one alone. */
export type StepPlan =
  | { readonly kind: "fold" }
  | { readonly kind: "purge" }
  | { readonly kind: "cut"; readonly cutBefore: number; readonly gone: readonly SegmentPointer[] }
  /** More is kept than before: what lies below the cut now is erased, what comes later is not. */
  | { readonly kind: "uncut"; readonly cutBefore: number | undefined }
  | {
      readonly kind: "rewrite"
      readonly why: "merge" | "backfill" | "dead" | "cut"
      readonly inputs: readonly SegmentPointer[]
      readonly level: number
    }
  | { readonly kind: "index"; readonly segment: SegmentPointer }

export interface PlanOptions {
  readonly merge?: MergeLimits
  /** The cut moves at the latest when it is behind by so much; default an hour. */
  readonly cutStepMs?: number
  /** Whether something that the definition asks for beside a segment is not there; a maintainer knows by itself. */
  readonly lacks?: (found: Found, segment: SegmentPointer) => boolean
}

/** From this share of dead rows on a segment is rewritten: below, leaving them out costs queries little. */
const DEAD_SHARE_MAX = 0.2
/** … and not for fewer than so many. */
const DEAD_ROWS_MIN = 1_000
/** The cut moves in steps of this share of what is kept, or of an hour: each is a write. */
const CUT_STEP_SHARE = 0.01
const CUT_STEP_MIN_MS = 1_000
const CUT_STEP_MAX_MS = 3_600_000
/** A merged segment spans at most this share of what is kept: it is dropped as a whole, late by no more. */
const SPAN_SHARE_MAX = 0.125

/** The most pressing thing to do for a partition; undefined: nothing. Pure. */
export function planStep(found: Found, options: PlanOptions = {}): StepPlan | undefined {
  const { manifest, segments, table } = found
  if (manifest.purges.some(purge => isPurgeDue(purge, manifest))) return { kind: "purge" }
  const cut = planCut(found, options.cutStepMs ?? CUT_STEP_MAX_MS)
  if (cut !== undefined) return cut
  if (needsFolding(manifest)) return { kind: "fold" }
  const outdated = segments.find(segment => isOutdated(found, segment))
  if (outdated !== undefined) return alone("backfill", outdated)
  const { retentionMs } = table.spec
  const limits = options.merge ?? MERGE_LIMITS
  const spanMax = retentionMs === undefined ? {} : { spanMax: retentionMs * SPAN_SHARE_MAX }
  const merge = planMerge(segments, { ...limits, ...spanMax })
  if (merge !== undefined) {
    const inputs = segments.slice(merge.from, merge.from + merge.count)
    return { kind: "rewrite", why: "merge", inputs, level: merge.level }
  }
  const dying = segments.find(segment => isDying(found, segment))
  if (dying !== undefined) return alone("dead", dying)
  const bare = segments.find(segment => options.lacks?.(found, segment) === true)
  return bare === undefined ? undefined : { kind: "index", segment: bare }
}

/** What is beyond the position is not in segments yet: builders leave it out. */
function isPurgeDue({ done, end }: Purge, { position }: Manifest): boolean {
  return done < Math.min(end, position) || position >= end
}

function alone(why: "backfill" | "dead" | "cut", segment: SegmentPointer): StepPlan {
  return { kind: "rewrite", why, inputs: [segment], level: segment.level ?? 0 }
}

/** Retention: where the cut is to be as of the store's date, and which segments lie below it. */
function planCut({ table, manifest, segments, date }: Found, cutStepMs: number): StepPlan | undefined {
  const { retentionMs, time } = table.spec
  const before = manifest.cutBefore
  if (time === undefined) return undefined
  const mayUncut = manifest.purges.length < PURGES_OPEN_MAX
  if (retentionMs === undefined)
    return before === undefined || !mayUncut ? undefined : { kind: "uncut", cutBefore: undefined }
  const due = date - retentionMs
  const shareMs = Math.max(CUT_STEP_MIN_MS, retentionMs * CUT_STEP_SHARE)
  const stepMs = Math.min(shareMs, cutStepMs)
  // By less it may be behind since dates of two stores differ.
  if (before !== undefined && before - due >= CUT_STEP_MAX_MS && mayUncut)
    return { kind: "uncut", cutBefore: due }
  const cutBefore = before === undefined || due - before >= stepMs ? due : before
  const below = segments.filter(({ timeMax }) => timeMax !== undefined && timeMax < cutBefore)
  const gone = below.filter(({ untimed }) => untimed !== true)
  if (cutBefore !== before || gone.length > 0) return { kind: "cut", cutBefore, gone }
  // Rows without a time stay, alone. What was written before the table had a time says nothing of it: written anew it does.
  const cut = below[0] ?? segments.find(saysNoTime)
  return cut === undefined ? undefined : alone("cut", cut)
}

const saysNoTime = ({ timeMax, untimed, rows }: SegmentPointer) =>
  timeMax === undefined && untimed !== true && rows > 0

/** It lacks a column, and the log may still have the values, or there is a default. */
function isOutdated(found: Found, segment: SegmentPointer): boolean {
  const lacking = columnsLacking(found.table, segment)
  if (lacking.length === 0) return false
  return found.logStart < segment.next || lacking.some(column => column.default !== undefined)
}

function isDying({ dead }: Found, { base, next, rows }: SegmentPointer): boolean {
  const { length } = sliceOffsets(dead, base, next).offsets
  return length >= DEAD_ROWS_MIN && length > rows * DEAD_SHARE_MAX
}
