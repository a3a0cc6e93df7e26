import type { TransactionStep } from "../../storage/meta-store.ts"
import type { Ports } from "../../storage/time.ts"
import { type PartitionAppender, topicDeleted, type Uploaded } from "../appender.ts"
import type { Appends } from "../appends.ts"
import { LogError } from "../errors.ts"
import { wakeTopic } from "../fetches.ts"
import { findProducer } from "../fold.ts"
import type { OffsetSteps } from "../groups/types.ts"
import { checkKeys } from "../keyed-records.ts"
import { APPEND_TIMEOUT_MS, NAME_AFTER_UPLOAD_MS, WRITE_AFTER_READ_MS } from "../limits.ts"
import type { LogOptions } from "../options.ts"
import type { Partitions } from "../partitions.ts"
import type { SlotPlan } from "../plan.ts"
import type { Reader } from "../reader.ts"
import { type Slot, slotItem } from "../slot.ts"
import type { TopicRead, Topics } from "../topics.ts"
import { uploadObject, walKey } from "../upload.ts"
import { planSmall, type SmallShare, slotPlanOf } from "./small-plan.ts"
import type { Replaced } from "./transaction-items.ts"
import type { CommitRequest, TransactionOffsets } from "./types.ts"

/** One partition's part in the transaction. */
interface Part {
  readonly share: SmallShare
  readonly appender: PartitionAppender
  readonly plan: SlotPlan
  /** Of its topic. */
  readonly name: string
}

export interface SmallCommitOptions {
  readonly ports: Ports
  readonly options: LogOptions
  readonly topics: Topics
  readonly partitions: Partitions
  readonly appends: Pick<Appends, "exclusively">
  readonly reader: Reader
  offsetSteps(offsets: readonly TransactionOffsets[]): Promise<OffsetSteps>
}

/**
 * Writes the producer's item together with these steps, applied by `notAfter` (store time, epoch ms) or never.
 * @param offsets base offsets of the request's batches
 */
export type Decide = (
  steps: readonly TransactionStep[],
  notAfter: number,
  offsets: readonly number[],
) => Promise<Replaced>

/**
 * Commits what a client could hold in one write of the MetaStore: the payload's object first, then slots, offsets and the
 * producer's item. Nothing is open meanwhile, so that there is nothing to mark and nobody waits.
 */
export class SmallCommit {
  readonly #with: SmallCommitOptions

  constructor(options: SmallCommitOptions) {
    this.#with = options
  }

  /**
   * Tries until it is written, `overtaken` by another decision, or what it rests on has `expired`. Throws what refuses it (`topic_deleted`,
   * `unknown_topic`, `fenced`, `fenced_member`, …): then nothing of it stands, but for `outcome_unknown`; `overloaded` when
   * others were always first.
   */
  async commit(request: CommitRequest, decide: Decide): Promise<Replaced> {
    const shares = planSmall(request)
    try {
      return await this.#committed(request, shares, decide)
    } catch (error) {
      const named = shares.filter(({ topicId }) => topicId === undefined)
      if (!(error instanceof LogError) || error.code !== "topic_deleted" || named.length === 0) throw error
      // The name may stand for another topic by now: look again, once.
      for (const { topic } of named) this.#with.topics.forget(topic)
      return this.#committed(request, shares, decide)
    }
  }

  async #committed(request: CommitRequest, shares: readonly SmallShare[], decide: Decide): Promise<Replaced> {
    const parts = await Promise.all(shares.map(share => this.#part(share)))
    const taken = parts.map(({ appender }) => appender)
    if (new Set(taken).size < taken.length) {
      throw new LogError(
        "sequence_conflict",
        "batches: one partition is named by its topic's name and by its id",
      )
    }
    return this.#with.appends.exclusively(taken, () => this.#written(request, parts, decide))
  }

  async #part(share: SmallShare): Promise<Part> {
    const { topics, partitions } = this.#with
    const { topic, topicId, partition } = share
    const found = await (topicId === undefined ? topics.find(topic) : topics.findById(topicId))
    const having: TopicRead = await topics.having(partition, found)
    for (const batch of share.draft.pieces) checkKeys(having.info, { partition, batch })
    const plan = slotPlanOf(share, having.date)
    return { share, appender: partitions.appender(having, partition), plan, name: having.info.name }
  }

  async #written(request: CommitRequest, parts: readonly Part[], decide: Decide): Promise<Replaced> {
    const { clock } = this.#with.ports
    const began = clock.elapsed()
    let uploaded: Map<Part, Uploaded> | undefined
    for (;;) {
      await Promise.all(parts.map(part => prepared(part, request)))
      uploaded ??= await this.#upload(parts)
      const { offsets } = request
      const sets: OffsetSteps =
        offsets.length === 0
          ? { steps: [], date: Number.POSITIVE_INFINITY }
          : await this.#with.offsetSteps(offsets)
      // Views may have been dropped while the offsets were read.
      if (parts.some(({ appender }) => appender.view.state === undefined)) continue
      const sent = clock.elapsed()
      const slots = parts.map(part => part.appender.draftSlot(part.plan, uploaded?.get(part)))
      const steps = [...slotSteps(parts, slots), ...sets.steps]
      const replaced = await decide(steps, this.#notAfter(parts, uploaded, sets), baseOffsets(parts, slots))
      const took = clock.elapsed() - sent
      if (replaced.outcome === "written") {
        this.#stands(parts, slots, { date: replaced.read.date, sent, took })
        return replaced
      }
      if (replaced.outcome === "expired") this.#forget(parts)
      if (replaced.outcome !== "refused") return replaced
      for (const { appender } of parts) appender.view.rivals.decided(false, took)
      if (clock.elapsed() - began > APPEND_TIMEOUT_MS) throw alwaysLate()
      const waits = parts.map(({ appender }) => appender.view.rivals.waitMs(clock.elapsed() - began))
      const waitMs = Math.max(0, ...waits)
      if (waitMs > 0) await clock.sleep(waitMs)
      await Promise.all(parts.map(({ appender }) => appender.view.catchUp()))
    }
  }

  /** What is known of partitions and topics may be older than our own clock says. */
  #forget(parts: readonly Part[]): void {
    for (const { appender, name } of parts) {
      appender.view.drop()
      this.#with.topics.forget(name)
    }
  }

  /** The payloads that do not go into their slots, in one object. */
  async #upload(parts: readonly Part[]): Promise<Map<Part, Uploaded>> {
    const { ports, options, reader } = this.#with
    const inlineBytes = parts.reduce((sum, { plan }) => sum + plan.bytes, 0)
    const all = inlineBytes > options.inlineFlushBytesMax
    const large = parts.filter(({ appender, plan }) => all || !appender.inline(plan))
    const uploaded = new Map<Part, Uploaded>()
    if (large.length === 0) return uploaded
    const storeDate = Math.min(...large.map(({ appender }) => appender.view.asOf))
    const key = walKey(storeDate, ports.random.id())
    const stored = await uploadObject(
      ports,
      key,
      large.flatMap(({ plan }) => plan.pieces),
    )
    const date = Math.min(stored, storeDate + WRITE_AFTER_READ_MS)
    let offset = 0
    for (const part of large) {
      reader.keep(key, offset, part.plan.pieces)
      uploaded.set(part, { key, offset, date })
      offset += part.plan.bytes
    }
    return uploaded
  }

  #notAfter(parts: readonly Part[], uploaded: ReadonlyMap<Part, Uploaded>, { date }: OffsetSteps): number {
    let bound = date + WRITE_AFTER_READ_MS
    for (const part of parts) {
      bound = Math.min(bound, part.appender.view.notAfter(), part.plan.date + WRITE_AFTER_READ_MS)
    }
    for (const object of uploaded.values()) bound = Math.min(bound, object.date + NAME_AFTER_UPLOAD_MS)
    return bound
  }

  #stands(
    parts: readonly Part[],
    slots: readonly Slot[],
    { date, sent, took }: { date: number; sent: number; took: number },
  ): void {
    for (const [index, { appender }] of parts.entries()) {
      const { view } = appender
      view.rivals.decided(true, took)
      view.won(slots[index] as Slot, date, sent)
      this.#with.ports.wake.notify(wakeTopic(view.topicId, view.partition))
    }
  }
}

/** The partition's end is known, and takes the producer's records. Throws `topic_deleted`, `fenced`, `overloaded`. */
async function prepared({ appender }: Part, { producerId, epoch }: CommitRequest): Promise<void> {
  if (!appender.ready()) await appender.prepare()
  const { state, pk } = appender.view
  if (state === undefined) throw new LogError("overloaded", `${pk} cannot be read now; try again shortly`)
  if (state.closed) throw topicDeleted(pk)
  const known = findProducer(state, producerId)
  if (known === undefined || known.epoch < epoch || (known.epoch === epoch && known.appends.length === 0))
    return
  throw new LogError("fenced", `${pk}: the producer's epoch is now ${known.epoch}`, {
    detail: { epoch: known.epoch },
  })
}

function slotSteps(parts: readonly Part[], slots: readonly Slot[]): TransactionStep[] {
  return slots.map((slot, index) => {
    const item = slotItem((parts[index] as Part).appender.view.pk, slot)
    return { kind: "put", table: "log", item, condition: { absent: true } }
  })
}

/** The offsets of the request's batches, in its order. */
function baseOffsets(parts: readonly Part[], slots: readonly Slot[]): number[] {
  const offsets: number[] = []
  for (const [index, { share }] of parts.entries()) {
    for (const placed of share.placed) offsets[placed.index] = (slots[index] as Slot).base + placed.at
  }
  return offsets
}

function alwaysLate(): LogError {
  return new LogError(
    "overloaded",
    "others were always first: nothing of the transaction was written; try again",
  )
}
