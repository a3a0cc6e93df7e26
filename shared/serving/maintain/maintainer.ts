import { LRUCache } from "lru-cache"
import type { Log } from "../../log/types.ts"
import { notAfter } from "../../storage/not-after.ts"
import { lacksCompanions, tableCompanions } from "../builder/table-companions.ts"
import { type DeadCache, deadCache, deadOffsets } from "../manifest/dead-offsets.ts"
import type { Manifest } from "../manifest/manifest.ts"
import { type ListCache, readManifest, segmentsOf } from "../manifest/manifest-store.ts"
import { openPurges } from "../manifest/open-purges.ts"
import { LIST_SEGMENTS_MAX } from "../manifest/segment-list.ts"
import type { MakeCompanions } from "../segment/companions.ts"
import { sliceOffsets } from "../segment/offset-set.ts"
import type { SegmentPointer } from "../segment/segment-key.ts"
import type { TableInfo } from "../tables/table-item.ts"
import type { TableRegistry } from "../tables/table-registry.ts"
import { RunReader } from "../upsert/run-reader.ts"
import { foldedInto, foldVectors, stillDead, storeVector } from "./fold-vectors.ts"
import { addCompanions } from "./index-step.ts"
import { liftCut } from "./lift-cut.ts"
import { type PlanOptions, planStep, type StepPlan } from "./plan-step.ts"
import { advancedPurges, lookForPurged, notePurged } from "./purge-step.ts"
import { editSegments, type MaintainPorts, type Replaced, removal, replacement } from "./replace-segments.ts"
import { type Found, logStartFor, type RewriteContext, rewrite } from "./rewrite.ts"
import { type RewriteFiles, rewriteFiles } from "./rewrite-files.ts"

/** Segment lists kept: 16 of at most a thousand pointers. */
const LISTS_KEPT = 16

/** What a step was for. */
export type MaintainedWhat = "merge" | "backfill" | "dead" | "cut" | "purge" | "fold" | "index"

/**
 * What a step came to. `idle`: nothing to do now. `lost`: others were faster, or an outcome is unknown: take the step again
 * from the start. `stopped`: there is nothing here to be maintained.
 */
export type MaintainResult =
  | { readonly kind: "done"; readonly what: MaintainedWhat; readonly rows: number }
  | { readonly kind: "idle" | "lost" | "stopped" }

export interface MaintainOptions extends PlanOptions {
  /** What is to stand beside segments; default: as builders make it. */
  readonly companions?: MakeCompanions
  /** Who does the work of rewriting; default: this very thread. */
  readonly rewriteFiles?: RewriteFiles
  readonly listSegmentsMax?: number
}

export type MayRewrite = (tableId: string, partition: number) => Promise<boolean>

/** Keeps a table's partitions in shape, one bounded step at a time. Any number may run, beside any number of builders. */
export class Maintainer {
  readonly #ports: MaintainPorts
  readonly #registry: TableRegistry
  readonly #log: Pick<Log, "fetch" | "offsets">
  readonly #options: MaintainOptions
  readonly #context: RewriteContext
  readonly #dead: DeadCache = deadCache()
  readonly #runs: RunReader
  readonly #lists: ListCache = new LRUCache({ max: LISTS_KEPT })

  constructor(
    ports: MaintainPorts,
    registry: TableRegistry,
    log: Pick<Log, "fetch" | "offsets">,
    options: MaintainOptions = {},
  ) {
    this.#ports = ports
    this.#runs = new RunReader(ports)
    this.#registry = registry
    this.#log = log
    this.#options = { lacks: ({ table }, segment) => lacksCompanions(table, segment), ...options }
    const companions = options.companions ?? tableCompanions(ports.random)
    const here: RewriteFiles = request => rewriteFiles(request, { random: ports.random, companions })
    this.#context = { ports, log, companions, rewriteFiles: options.rewriteFiles ?? here }
  }

  /**
   * One step: looks at item and manifest, does the most pressing thing, if any, and commits it on condition of the
   * manifest's version. Nothing is remembered between steps but copies of what never changes. Throws `LogError`,
   * `StorageError`.
   * @param mayRewrite asked before segments are read to be rewritten; false: somebody else is at it. Default: nobody is
   */
  async step(name: string, partition: number, mayRewrite?: MayRewrite): Promise<MaintainResult> {
    const read = await this.#registry.findBuilt(name)
    if (read === undefined) return { kind: "stopped" }
    const { manifest, date } = await readManifest(this.#ports, read.table.id, partition)
    if (manifest === undefined || manifest.closed) return { kind: "stopped" }
    const found = await this.#look(read.table, manifest, Math.min(read.date, date))
    if (found === undefined) return { kind: "lost" }
    const plan = planStep(found, this.#options)
    if (plan === undefined) return { kind: "idle" }
    const isQuick = plan.kind === "cut" || plan.kind === "uncut" || plan.kind === "fold"
    if (!isQuick && (await mayRewrite?.(read.table.id, partition)) === false) return { kind: "idle" }
    return this.#do(found, plan)
  }

  /** Undefined: the item was read before an alteration that the manifest has seen. */
  async #look(table: TableInfo, manifest: Manifest, date: number): Promise<Found | undefined> {
    const [segments, dead] = await Promise.all([
      segmentsOf(this.#ports, manifest, this.#lists),
      deadOffsets(this.#ports, manifest, this.#dead),
    ])
    const purges = openPurges(table, manifest)
    const isNewer = segments.some(({ schemaVersion }) => schemaVersion > table.schemas.length)
    if (purges === undefined || isNewer) return undefined
    const logStart = await logStartFor(this.#log, table, manifest.partition, segments)
    return { table, manifest, segments, dead, purges, date, logStart }
  }

  async #do(found: Found, plan: StepPlan): Promise<MaintainResult> {
    const { manifest, segments, date } = found
    switch (plan.kind) {
      case "purge":
        return this.#purge(found)
      case "cut": {
        const also = (now: Manifest) => ({
          cutBefore: Math.max(plan.cutBefore, now.cutBefore ?? plan.cutBefore),
        })
        const until = notAfter(date)
        const edited = await editSegments(this.#ports, manifest, { ...removal(plan.gone), also, until })
        return outcomeOf(edited, "cut", 0)
      }
      case "uncut": {
        const uncut = await liftCut(this.#ports, this.#log, found, plan.cutBefore)
        return uncut === "lifted" ? { kind: "done", what: "cut", rows: 0 } : { kind: "lost" }
      }
      case "fold": {
        const folded = await foldVectors(this.#ports, manifest, segments, date)
        return folded === "folded" ? { kind: "done", what: "fold", rows: 0 } : { kind: "lost" }
      }
      case "rewrite":
        return this.#rewrite(found, plan.inputs, plan.level, plan.why)
      case "index": {
        const added = await addCompanions(this.#context, found, plan.segment)
        return outcomeOf(added, "index", plan.segment.rows)
      }
    }
  }

  async #purge(found: Found): Promise<MaintainResult> {
    const { hit, clean } = await lookForPurged(this.#ports, found)
    if (hit !== undefined) return this.#rewrite(found, [hit], hit.level ?? 0, "purge")
    const noted = await notePurged(this.#ports, this.#runs, found, clean)
    return noted === "purged" ? { kind: "done", what: "purge", rows: 0 } : { kind: noted }
  }

  async #rewrite(
    found: Found,
    inputs: readonly SegmentPointer[],
    level: number,
    what: MaintainedWhat,
  ): Promise<MaintainResult> {
    const { table, manifest, dead, segments, date } = found
    const range = { base: inputs[0]!.base, next: inputs.at(-1)!.next }
    const made = await rewrite(this.#context, found, inputs, level)
    if (made === undefined) return { kind: "lost" }
    const isRid = sliceOffsets(dead, range.base, range.next).offsets.length > 0
    const graves = isRid
      ? await storeVector(this.#ports, manifest, stillDead(dead, segments, range), date)
      : { vector: undefined, until: Number.POSITIVE_INFINITY }
    if (graves === undefined) return { kind: "lost" }
    // Erasures go on from the first segment that may hold such rows: a rewrite further on does not count.
    const from = what === "purge" ? Math.min(...manifest.purges.map(({ done }) => done)) : range.base
    const edited = await editSegments(this.#ports, manifest, {
      ...replacement(inputs, made.output, this.#options.listSegmentsMax ?? LIST_SEGMENTS_MAX),
      also: now => ({
        purges: advancedPurges(now, manifest.purges, from, range.next, !isMerged(table)),
        ...(isRid ? { vectors: foldedInto(now, manifest.vectors, graves.vector) } : {}),
      }),
      until: Math.min(made.until, graves.until),
    })
    return outcomeOf(edited, what, made.rows)
  }
}

/** Whether rows are merged of records: erasures are not through with their segments. */
const isMerged = ({ spec }: TableInfo) => spec.upsert?.mode === "partial"

function outcomeOf(edited: Replaced, what: MaintainedWhat, rows: number): MaintainResult {
  if (edited === "replaced") return { kind: "done", what, rows }
  return { kind: edited === "closed" ? "stopped" : "lost" }
}
