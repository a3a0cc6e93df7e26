import type { Ports } from "../../storage/time.ts"
import { LogError } from "../errors.ts"
import { fewAtOnce } from "../few-at-once.ts"
import { DEFAULT_LOG_OPTIONS, type LogOptions } from "../options.ts"
import { Topics } from "../topics.ts"
import type { TopicInfo } from "../types.ts"
import { type ClosedTopic, closedTopics, forgetClosed } from "./closed-topics.ts"
import { collectOrphans, collectWal } from "./collect.ts"
import { type IndexRead, type PartitionRef, SegmentIndexes } from "./index-store.ts"
import { type KeepCounts, keepPartition, noCounts } from "./keep-partition.ts"
import {
  CHORES_EVERY_MS,
  PARTITIONS_AT_ONCE,
  PURGE_AFTER_MS,
  READS_AT_ONCE,
  ROLL_BYTES_MAX,
  ROLL_SLOTS_DUE,
  ROUND_BUSY_MS,
  ROUND_EVERY_MS,
  SEGMENT_BYTES_MIN,
} from "./life-limits.ts"
import { purgePartition } from "./purge.ts"
import type { RewriteContext } from "./rewrite.ts"
import { duePartitions, isMuch, type Pending, payloadBytes } from "./roll-plan.ts"
import { readSlots } from "./roll-read.ts"
import { type KeepContext, type RolledUp, rollUp } from "./roll-up.ts"
import { type RoundRead, readRound, writeRound } from "./round-state.ts"
import { SegmentReader } from "./segment-reader.ts"

/** Slots that a look reads first: those of a partition with little to roll up cost little again and again. */
const LOOK_SLOTS = 64
/** What was seen to be neither large nor old enough is not looked through again for so long. */
const LOOK_AGAIN_MS = 3_600_000

export interface KeeperOptions extends Partial<LogOptions> {
  /** Lets others of the process have their turn; default: at once. */
  readonly breathe?: () => Promise<unknown>
  /** Payload bytes rolled up at once; default `ROLL_BYTES_MAX`. */
  readonly rollBytesMax?: number
  /** Default `ROUND_EVERY_MS`. */
  readonly roundEveryMs?: number
  /** Default `CHORES_EVERY_MS`. */
  readonly choresEveryMs?: number
}

/** What failed, and with what: it keeps nothing else from being done. */
export interface KeepFault {
  readonly what: string
  readonly error: unknown
}

export interface KeepReport extends KeepCounts {
  readonly faults: readonly KeepFault[]
  /** The round through all partitions is not over: there is more to do now. */
  readonly more: boolean
}

interface Kept {
  readonly at: PartitionRef
  readonly key: string
  /** Undefined: its topic is closed. */
  readonly topic: TopicInfo | undefined
}

interface Look {
  readonly kept: Kept
  readonly read: IndexRead
  readonly pending: Pending | undefined
  /** Of `pending` the first slot alone is counted. */
  readonly isPartial: boolean
}

/**
 * Keeps the log in shape: rolls slots up into segments, applies retention and compaction, deletes slots, flush objects and
 * what nothing names, purges deleted topics. All of it goes by store dates and conditional puts: any number of processes may
 * do it at once, at any moment one may end, and a round goes on where another process left it.
 */
export class LogKeeper {
  readonly #ports: Ports
  readonly #options: KeeperOptions
  readonly #context: KeepContext & RewriteContext
  /** Not looked through before, by the own clock: it only saves reads. */
  readonly #rests = new Map<string, number>()
  #faults: KeepFault[] = []

  constructor(ports: Ports, options: KeeperOptions = {}) {
    this.#ports = ports
    this.#options = options
    const indexes = new SegmentIndexes(ports)
    const logOptions = { ...DEFAULT_LOG_OPTIONS, ...options }
    const { breathe = async () => {} } = options
    this.#context = { ports, options: logOptions, indexes, segments: new SegmentReader(ports), breathe }
  }

  /**
   * Goes on with the round that is under way, or begins one if it is time, until it is over or `hasTime` says no. Throws
   * `StorageError` where not even the round's state can be read.
   */
  async round(hasTime: () => boolean = () => true): Promise<KeepReport> {
    this.#faults = []
    const counts = noCounts()
    const more = await this.#round(counts, hasTime)
    return { ...counts, more, faults: this.#faults }
  }

  async #round(counts: KeepCounts, hasTime: () => boolean): Promise<boolean> {
    let round: RoundRead | undefined = await readRound(this.#ports)
    if (round.state.after === undefined) {
      if (round.date < round.state.next) return false
      const began = { ...round.state, began: round.date, boundary: round.date, after: "" }
      round = await writeRound(this.#ports, round, began)
    }
    const { partitions, closed, date } = await this.#partitions()
    while (round !== undefined && hasTime()) {
      const { after } = round.state
      const next: readonly Kept[] = partitions.filter(({ key }) => key > after!).slice(0, PARTITIONS_AT_ONCE)
      if (next.length === 0) break
      const boundary = await this.#keep(next, round.state.boundary, counts, hasTime)
      if (!hasTime()) return true
      const state = { ...round.state, after: next[next.length - 1].key, boundary }
      round = await writeRound(this.#ports, round, state)
    }
    // Somebody else is at it.
    if (round === undefined) return false
    if (!hasTime()) return true
    const { boundary, walBoundary } = round.state
    const { roundEveryMs = ROUND_EVERY_MS } = this.#options
    const next = round.state.began + Math.min(counts.rolled > 0 ? ROUND_BUSY_MS : roundEveryMs, roundEveryMs)
    const ended = { ...round.state, next, after: undefined, walBoundary: Math.max(boundary, walBoundary) }
    const last = await writeRound(this.#ports, round, ended)
    if (last !== undefined) await this.#chores(last, closed, date, counts, hasTime)
    return false
  }

  /** All partitions, of closed topics too, in the order of their keys. Names first: what is freed meanwhile is closed then. */
  async #partitions() {
    const topics = await new Topics(this.#ports).list()
    const { topics: closed, date } = await closedTopics(this.#ports)
    const kept: Kept[] = []
    const add = (topicId: string, count: number, topic: TopicInfo | undefined) => {
      for (let partition = 0; partition < count; partition++) {
        const key = `${topicId}#${String(partition).padStart(5, "0")}`
        kept.push({ at: { topicId, partition }, key, topic })
      }
    }
    const gone = new Set(closed.map(({ id }) => id))
    for (const { info } of topics) if (!gone.has(info.id)) add(info.id, info.partitions, info)
    for (const { id, partitions } of closed) add(id, partitions, undefined)
    kept.sort((left, right) => (left.key < right.key ? -1 : 1))
    return { partitions: kept, closed, date }
  }

  /** Does what is due for some partitions; returns the boundary below which they need no flush object. */
  async #keep(
    some: readonly Kept[],
    before: number,
    counts: KeepCounts,
    hasTime: () => boolean,
  ): Promise<number> {
    let boundary = before
    const looks = await fewAtOnce(some, READS_AT_ONCE, async kept => {
      try {
        return await twice(() => this.#look(kept))
      } catch (error) {
        if (isBeingPurged(kept, error)) return undefined
        this.#fault(kept.at, error)
        // What is not known of one partition is known of none.
        boundary = 0
        return undefined
      }
    })
    for (const look of looks) {
      if (look?.pending !== undefined) boundary = Math.min(boundary, look.pending.oldest)
    }
    await this.#rollDue(looks, counts, hasTime)
    for (const { at, topic } of some) {
      if (topic === undefined || !hasTime()) continue
      try {
        await twice(again => keepPartition(this.#context, at, topic, counts, hasTime, again))
      } catch (error) {
        this.#fault(at, error)
      }
    }
    return boundary
  }

  /** @param whole even where it was looked through a short time ago */
  async #look(kept: Kept, whole = false): Promise<Look> {
    const { at, key } = kept
    const read = await this.#context.indexes.read(at)
    const { end } = read.index
    const look = (slotsMax: number) =>
      readSlots(this.#ports, at, end, { bytesMax: SEGMENT_BYTES_MIN, slotsMax })
    const isPartial = !whole && (this.#rests.get(key) ?? 0) > this.#ports.clock.elapsed()
    let { slots } = await look(isPartial ? 1 : LOOK_SLOTS)
    if (!isPartial && slots.length === LOOK_SLOTS) {
      slots = (await look(ROLL_SLOTS_DUE)).slots
      if (slots.length < ROLL_SLOTS_DUE) this.#rests.set(key, this.#ports.clock.elapsed() + LOOK_AGAIN_MS)
    }
    // A closing slot holds nothing.
    if (slots.length === 0 || slots[0].next === slots[0].base)
      return { kept, read, pending: undefined, isPartial }
    const bytes = slots.reduce((sum, slot) => sum + payloadBytes(slot), 0)
    return { kept, read, pending: { bytes, slots: slots.length, oldest: slots[0].commitTime }, isPartial }
  }

  /** Rolls up what is due, as many partitions together as memory allows. */
  async #rollDue(
    looks: readonly (Look | undefined)[],
    counts: KeepCounts,
    hasTime: () => boolean,
  ): Promise<void> {
    const { rollBytesMax = ROLL_BYTES_MAX } = this.#options
    const date = looks.reduce((latest, look) => Math.max(latest, look?.read.date ?? 0), 0)
    const due = duePartitions(
      looks.map(look => (look?.kept.topic === undefined ? undefined : look.pending)),
      date,
    )
    let waiting = await this.#counted(looks.filter((_, index) => due[index]) as Look[])
    while (waiting.length > 0 && hasTime()) {
      let bytes = 0
      const together = waiting.filter(({ pending }, index) => {
        bytes += pending!.bytes
        return index === 0 || bytes <= rollBytesMax
      })
      waiting = waiting.filter(look => !together.includes(look))
      const share = Math.max(SEGMENT_BYTES_MIN, Math.floor(rollBytesMax / together.length))
      for (const { kept } of together) this.#rests.delete(kept.key)
      const again = await this.#roll(together, share, counts)
      // What has more than that is gone on with while there is time.
      waiting.push(...again)
    }
  }

  /** The same, with all that they hold counted: what is rolled up together has to fit into memory. */
  async #counted(looks: readonly Look[]): Promise<Look[]> {
    const counted = await fewAtOnce(looks, READS_AT_ONCE, async look => {
      if (!look.isPartial) return look
      try {
        return await this.#look(look.kept, true)
      } catch (error) {
        this.#fault(look.kept.at, error)
        return undefined
      }
    })
    return counted.filter(look => look?.pending !== undefined) as Look[]
  }

  async #roll(together: readonly Look[], bytesMax: number, counts: KeepCounts): Promise<Look[]> {
    try {
      const rolled = await rollUp(
        this.#context,
        together.map(({ kept, read }) => ({ at: kept.at, read })),
        bytesMax,
      )
      for (const { outcome, sizeBytes } of rolled) {
        if (outcome !== "rolled") continue
        counts.rolled++
        counts.rolledBytes += sizeBytes
      }
      const isFull = ({ slots, sizeBytes }: RolledUp) => slots >= ROLL_SLOTS_DUE || sizeBytes >= bytesMax / 2
      const full = together.filter((_, index) => isFull(rolled[index]))
      return await fewAtOnce(full, READS_AT_ONCE, ({ kept }) => this.#look(kept)).then(looks =>
        looks.filter(({ pending }) => pending !== undefined && isMuch(pending)),
      )
    } catch (error) {
      if (together.length === 1) {
        const [{ kept, read }] = together
        // Others may have rolled it up and deleted what was to be read: then that is done.
        const now = await this.#context.indexes.read(kept.at)
        if (now.version === read.version) this.#fault(kept.at, error)
        return []
      }
    }
    // One of them keeps the others from it no longer.
    for (const look of together) await this.#roll([look], bytesMax, counts)
    return []
  }

  async #chores(
    round: RoundRead,
    closed: readonly ClosedTopic[],
    date: number,
    counts: KeepCounts,
    hasTime: () => boolean,
  ): Promise<void> {
    for (const topic of closed) {
      if (date - topic.closed >= PURGE_AFTER_MS && hasTime()) await this.#purge(topic, date)
    }
    const { choresEveryMs = CHORES_EVERY_MS } = this.#options
    const { state } = round
    if (round.date - state.choresAt < choresEveryMs || !hasTime()) return
    try {
      counts.objectsDeleted += await collectWal(this.#ports, state.walBoundary, hasTime)
      await this.#collectOrphans(round, counts, hasTime)
    } catch (error) {
      this.#faults.push({ what: "objects that nothing names", error })
    }
  }

  async #purge(topic: ClosedTopic, date: number): Promise<void> {
    const { id, partitions } = topic
    try {
      const all = Array.from({ length: partitions }, (_, partition) => ({ topicId: id, partition }))
      await fewAtOnce(all, READS_AT_ONCE, at => purgePartition(this.#context, at))
      await forgetClosed(this.#ports, topic, date)
    } catch (error) {
      this.#faults.push({ what: `deleted topic ${id}`, error })
    }
  }

  /** A page after the other of segments, then of snapshots; where it ends, the next round goes on. */
  async #collectOrphans(round: RoundRead, counts: KeepCounts, hasTime: () => boolean): Promise<void> {
    let after = round.state.orphansAfter ?? "seg/"
    let isOver = false
    while (hasTime() && !isOver) {
      const prefix = after.startsWith("seg/") ? "seg/" : "snap/"
      const from = after === prefix ? undefined : after
      const step = await collectOrphans(this.#ports, this.#context.indexes, prefix, from)
      counts.objectsDeleted += step.deleted
      if (step.next !== undefined) after = step.next
      else if (prefix === "seg/") after = "snap/"
      else isOver = true
    }
    const state = isOver
      ? { ...round.state, choresAt: round.date, orphansAfter: undefined }
      : { ...round.state, orphansAfter: after }
    await writeRound(this.#ports, round, state)
  }

  #fault({ topicId, partition }: PartitionRef, error: unknown): void {
    this.#faults.push({ what: `log ${topicId}/${partition}`, error })
  }
}

/** Does it again where something was missing: others may have rewritten or deleted what was to be read. */
async function twice<T>(work: (again: boolean) => Promise<T>): Promise<T> {
  try {
    return await work(false)
  } catch (error) {
    if (!(error instanceof LogError) || error.code !== "log_damaged") throw error
    return work(true)
  }
}

/** Whether slots are missing of a deleted topic: somebody purges it, or was cut short while at it. They keep nothing any more. */
function isBeingPurged({ topic }: Kept, error: unknown): boolean {
  return topic === undefined && error instanceof LogError && error.code === "log_damaged"
}
