import { joinBytes } from "../storage/bytes.ts"
import { itemBytes } from "../storage/item-size.ts"
import { type Settled, settlePut } from "../storage/settle.ts"
import type { Ports } from "../storage/time.ts"
import { LogError } from "./errors.ts"
import { findProducer, type PartitionState } from "./fold.ts"
import { isAtOrBelow } from "./journal/source-order.ts"
import { judge } from "./judge.ts"
import { NAME_AFTER_UPLOAD_MS, REQUEST_AGE_MAX_MS, WRITE_AFTER_READ_MS } from "./limits.ts"
import type { LogOptions } from "./options.ts"
import { outcomeUnknown, type PendingAppend } from "./pending.ts"
import { planSlot, type SlotPlan } from "./plan.ts"
import type { BatchCodec } from "./records/index.ts"
import { CLOSE, type Payload, RETIRE, readSlot, type Slot, type SlotEntry, slotItem } from "./slot.ts"
import type { PartitionView } from "./view.ts"

/** Stands for a commit id where only its length matters. */
const SOME_COMMIT_ID = "0".repeat(32)

/** Where a plan's payload was stored, when not inline. */
export interface Uploaded {
  readonly key: string
  readonly offset: number
  /** Store time at or before the upload, epoch ms. */
  readonly date: number
}

/** What an appender needs to know of its topic. */
export interface TopicFacts {
  readonly codec: BatchCodec
}

/** Appends to one partition, one slot at a time, from one process. */
export class PartitionAppender {
  readonly view: PartitionView
  queue: PendingAppend[] = []
  /** A slot is being written, or the view being read: no other slot may be planned. */
  busy = false
  /** Who wants to write slots of its own here, in their order: each is called with the appender taken. */
  readonly takers: (() => void)[] = []
  /** It is the queue's turn: whoever comes now waits, so that neither starves. */
  queueFirst = false
  facts: TopicFacts
  readonly #ports: Ports
  readonly #options: LogOptions
  readonly #signal: AbortSignal
  /** Appends under way per producer. */
  readonly #inFlight = new Map<number, number>()
  #needsRead = false
  /** The partition's end is to be read before the next put, for others are likely to have moved it. */
  #looksFirst = false
  #rateSecond = 0
  #rateCommits = 0
  #rateBytes = 0

  constructor(
    ports: Ports,
    options: LogOptions,
    view: PartitionView,
    facts: TopicFacts,
    signal: AbortSignal,
  ) {
    this.#ports = ports
    this.#options = options
    this.view = view
    this.facts = facts
    this.#signal = signal
  }

  /** Appends of a producer that are not answered yet, after adding `change` to them. */
  inFlight(range: PendingAppend["range"], change: number): number {
    if (range === undefined) return 0
    const count = (this.#inFlight.get(range.id) ?? 0) + change
    if (count > 0) this.#inFlight.set(range.id, count)
    else this.#inFlight.delete(range.id)
    return count
  }

  /** Whether a slot can be planned without reading or snapshotting first. */
  ready(): boolean {
    return this.view.fresh() && !this.#needsRead && !this.#looksFirst && !this.view.snapshotDue()
  }

  /**
   * Reads and snapshots as far as `ready` needs, after giving way to other writers, where there are: what comes
   * meanwhile goes with it. What waits is refused when the store does not answer.
   */
  async prepare(): Promise<void> {
    try {
      if (this.view.fresh() && this.#looksFirst) await this.#giveWay(this.queue)
      if (!this.view.fresh() || this.#needsRead || this.#looksFirst) {
        this.#needsRead = false
        await this.#look()
      }
      if (this.view.snapshotDue()) await this.view.snapshot()
    } catch (error) {
      this.failAll(error instanceof LogError ? error : outcomeUnknown(error))
    }
  }

  async #look(): Promise<void> {
    await this.view.catchUp()
    this.#looksFirst = false
  }

  /** Waits as other writers of the partition make it wise, less for what has waited already. */
  async #giveWay(appends: readonly PendingAppend[]): Promise<void> {
    const { clock } = this.#ports
    const now = clock.elapsed()
    const oldest = appends.reduce((at, append) => Math.min(at, append.arrivedAt), now)
    const ms = this.view.rivals.waitMs(now - oldest)
    if (ms > 0) await clock.sleep(ms, this.#signal)
  }

  failAll(error: LogError): void {
    const queue = this.queue
    this.queue = []
    for (const append of queue) append.fail(error)
  }

  /** Plans the next slot out of the queue. Nothing of it is written yet. */
  plan(bytesMax: number): SlotPlan | undefined {
    const { state, readTicket, asOf } = this.view
    if (state === undefined) return undefined
    if (state.closed) {
      this.failAll(topicDeleted(this.view.pk))
      return undefined
    }
    const oldest = this.#ports.clock.elapsed() - REQUEST_AGE_MAX_MS
    for (const append of this.queue) {
      // Both, since our own clock may have stood still meanwhile: the producer of an old request may be forgotten.
      const old = append.arrivedAt < oldest || append.date < asOf - REQUEST_AGE_MAX_MS
      if (old) append.fail(outcomeUnknown())
    }
    const now = this.#ports.clock.now()
    const queue = this.queue
    const { codec } = this.facts
    const { plan, rest, needsRead } = planSlot({ state, readTicket, queue, now, bytesMax, codec })
    this.queue = rest
    this.#needsRead = needsRead
    return plan
  }

  /** Whether a plan's payload goes into the slot itself: small items, and a rate that one item's key can bear. */
  inline(plan: SlotPlan): boolean {
    const { inlineItemBytesMax, inlineCommitsPerSecMax, inlineBytesPerSecMax } = this.#options
    const second = Math.floor(this.#ports.clock.elapsed() / 1000)
    if (second !== this.#rateSecond) {
      this.#rateSecond = second
      this.#rateCommits = 0
      this.#rateBytes = 0
    }
    this.#rateCommits++
    this.#rateBytes += plan.bytes
    if (this.#rateCommits > inlineCommitsPerSecMax || this.#rateBytes > inlineBytesPerSecMax) return false
    if (plan.bytes > inlineItemBytesMax) return false
    const slot = this.#slot(plan, payloadOf(plan, undefined), SOME_COMMIT_ID)
    return itemBytes(slotItem(this.view.pk, slot)) <= inlineItemBytesMax
  }

  /**
   * Writes the planned slot, following the partition's end while others win it, and answers the plan's appends.
   * `onUndecided` is called when the outcome is not known at the first try.
   */
  async commit(plan: SlotPlan, uploaded: Uploaded | undefined, onUndecided: () => void): Promise<void> {
    try {
      const payload = payloadOf(plan, uploaded)
      // An upload takes long enough for the end to move on.
      if (uploaded !== undefined && this.view.rivals.present() > 0) await this.#look()
      while (this.#standsOn(plan)) {
        const settled = await this.#put(plan, payload, uploaded, onUndecided)
        this.#looksFirst = settled === "lost" || this.view.rivals.expected()
        if (settled === "won") return
        if (settled === "given up") {
          for (const { append } of plan.placed) append.fail(outcomeUnknown())
          return
        }
        // What is not uploaded is planned anew, with what has come meanwhile.
        if (uploaded === undefined) break
        onUndecided() // others need not wait for it
        await this.#giveWay(plan.placed.map(placed => placed.append))
        await this.#look()
      }
      // Judged anew, some are committed already or no longer fit: plan again with what is left.
      this.queue = [...plan.placed.map(placed => placed.append), ...this.queue]
    } catch (error) {
      this.view.drop()
      const failure = error instanceof LogError ? error : outcomeUnknown(error)
      for (const { append } of plan.placed) append.fail(failure)
    }
  }

  async #put(
    plan: SlotPlan,
    payload: Payload,
    uploaded: Uploaded | undefined,
    onUndecided: () => void,
  ): Promise<"won" | "lost" | "given up"> {
    const { view } = this
    const slot = this.#slot(plan, payload, view.rivals.commitId())
    const item = slotItem(view.pk, slot)
    const sent = this.#ports.clock.elapsed()
    let notAfter = Math.min(view.notAfter(), plan.date + WRITE_AFTER_READ_MS)
    if (uploaded !== undefined) notAfter = Math.min(notAfter, uploaded.date + NAME_AFTER_UPLOAD_MS)
    const patienceMs = Number.POSITIVE_INFINITY // `notAfter` ends it: only then is the outcome certain
    const options = {
      condition: { absent: true } as const,
      notAfter,
      patienceMs,
      signal: this.#signal,
      onUndecided,
    }
    const settled = await settlePut(this.#ports, "log", item, options)
    if (settled.outcome === "committed") {
      view.rivals.decided(true, this.#ports.clock.elapsed() - sent)
      view.won(slot, settled.date, sent)
      for (const { append, at } of plan.placed) append.commit(slot.base + at)
      return "won"
    }
    return this.#lost(settled, this.#ports.clock.elapsed() - sent)
  }

  /** Folds what stands in the way. A refusal for age, or one that cannot be followed, gives up: the view is stale. */
  #lost(settled: Exclude<Settled, { outcome: "committed" }>, tookMs: number): "lost" | "given up" {
    if (settled.outcome === "refused" && settled.reason === "exists" && settled.standing !== undefined) {
      const standing = readSlot(settled.standing)
      this.view.rivals.decided(false, tookMs)
      if (this.view.state?.end === standing.base) this.view.fold(standing, settled.date)
      return "lost"
    }
    this.view.drop()
    return "given up"
  }

  /**
   * Whether the plan may be written at the partition's present end, as it is. The end may have moved since the plan
   * was made: then every idempotent append is judged again, and plain ones simply move along.
   */
  #standsOn(plan: SlotPlan): boolean {
    const { state } = this.view
    if (state === undefined || state.closed) return false
    if (state.end === plan.base) return true
    for (const first of plan.sources) {
      if (isAtOrBelow(first, state.sources.get(first.shard))) return false
    }
    for (const { append, at } of plan.placed) {
      const { range, content } = append
      if ("marker" in content) {
        const { producerId, epoch } = content.marker
        if ((findProducer(state, producerId)?.epoch ?? -1) >= epoch) return false
      }
      if (range === undefined) continue
      const first = plan.placed.find(placed => placed.append.range?.id === range.id)
      if (first?.append !== append) return false // several of one producer: plan again
      const judged = judge(findProducer(state, range.id), state.tombstones.has(range.id), range)
      if (judged.verdict !== "append" || at < 0) return false
    }
    plan.base = state.end
    return true
  }

  /** A slot at the partition's present end for a plan that is committed elsewhere, in one transaction with others. */
  draftSlot(plan: SlotPlan, uploaded: Uploaded | undefined): Slot {
    plan.base = this.view.state?.end ?? plan.base
    return this.#slot(plan, payloadOf(plan, uploaded), this.view.rivals.commitId())
  }

  #slot(plan: SlotPlan, payload: Payload, commitId: string): Slot {
    return {
      base: plan.base,
      next: plan.base + plan.count,
      commitId,
      commitTime: this.#commitTime(),
      minTimestamp: plan.minTimestamp,
      maxTimestamp: plan.maxTimestamp,
      entries: plan.entries,
      payload,
    }
  }

  /** Never before the previous slot's or the view's date, and at most `WRITE_AFTER_READ_MS` after the latter. */
  #commitTime(): number {
    const { state, asOf } = this.view
    const now = Math.min(this.#ports.clock.now(), asOf + WRITE_AFTER_READ_MS)
    return Math.max(state?.commitTime ?? 0, asOf, now)
  }

  /** Ends the partition: nothing follows a closing slot. Throws `outcome_unknown` and `StorageError`. */
  async close(): Promise<void> {
    await this.#mark(state => (state.closed ? undefined : { count: 0, flags: CLOSE }))
  }

  /** Ends a producer here, where it ever appended. Throws `outcome_unknown` and `StorageError`. */
  async retire(producerId: number): Promise<void> {
    const producer = { id: producerId, epoch: 0, firstSequence: 0, lastSequence: 0 }
    await this.#mark(state => {
      const known = !state.closed && findProducer(state, producerId) !== undefined
      return known ? { count: 1, flags: RETIRE, producer } : undefined
    })
  }

  /**
   * Writes a slot of one entry without a batch.
   * @param entryOf what to write, given the partition's newest state; undefined: nothing is to be written any more
   */
  async #mark(
    entryOf: (state: PartitionState) => Pick<SlotEntry, "count" | "flags" | "producer"> | undefined,
  ): Promise<void> {
    for (;;) {
      await this.view.catchUp()
      const { state } = this.view
      if (state === undefined) continue // dropped meanwhile
      const entry = entryOf(state)
      if (entry === undefined) return
      const plan: SlotPlan = {
        base: state.end,
        count: entry.count,
        entries: [{ length: 0, maxTimestamp: state.commitTime, ...entry }],
        pieces: [],
        bytes: 0,
        minTimestamp: state.commitTime,
        maxTimestamp: state.commitTime,
        placed: [],
        sources: [],
        date: this.view.asOf,
      }
      const outcome = await this.#put(plan, payloadOf(plan, undefined), undefined, () => {})
      if (outcome === "given up") throw outcomeUnknown()
    }
  }
}

function payloadOf(plan: SlotPlan, uploaded: Uploaded | undefined): Payload {
  if (uploaded !== undefined)
    return { kind: "object", key: uploaded.key, offset: uploaded.offset, length: plan.bytes }
  return { kind: "inline", bytes: joinBytes(plan.pieces) }
}

export function topicDeleted(pk: string): LogError {
  return new LogError("topic_deleted", `${pk}: the topic was deleted`)
}
