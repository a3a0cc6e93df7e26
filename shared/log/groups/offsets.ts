import type { Item, TransactionStep } from "../../storage/meta-store.ts"
import { notAfter } from "../../storage/not-after.ts"
import { settlePut } from "../../storage/settle.ts"
import type { Ports } from "../../storage/time.ts"
import { LogError } from "../errors.ts"
import type { TransactionOffsets } from "../transactions/types.ts"
import type { Log } from "../types.ts"
import { groupKey } from "./group-item.ts"
import type { GroupStore } from "./group-store.ts"
import { inParallel } from "./in-parallel.ts"
import { CHANGE_TRIES_MAX, GROUP_KEPT_MS, GROUPS_KEPT_MAX, OFFSETS_MAX } from "./limits.ts"
import { MeantPartitions } from "./meant-partition.ts"
import { checkGroupName, checkMemberName, checkMetadata, checkOffset } from "./names.ts"
import { type KnownOffset, OffsetCache } from "./offset-cache.ts"
import { type OffsetRecord, offsetItem, readOffset } from "./offset-item.ts"
import { commitFault, committedRecord } from "./offset-rights.ts"
import type { TopicPartition } from "./partition-set.ts"
import type { MemberStamp, OffsetCommit, OffsetCommitted, OffsetSteps } from "./types.ts"

/** An offset to be put: what shall stand, or why it must not. */
export type OffsetChange = (known: KnownOffset) => Promise<OffsetRecord | LogError>

/** Commits offsets. */
export class Offsets {
  readonly #ports: Ports
  readonly #log: Pick<Log, "topic" | "topicById">
  readonly #store: GroupStore
  readonly #cache: OffsetCache
  /** When a group was last seen to be there, by the own clock. */
  readonly #seen = new Map<string, number>()

  constructor(ports: Ports, log: Pick<Log, "topic" | "topicById">, store: GroupStore) {
    this.#ports = ports
    this.#log = log
    this.#store = store
    this.#cache = new OffsetCache(ports.clock)
  }

  async commit(
    group: string,
    offsets: readonly OffsetCommit[],
    stamp?: MemberStamp,
  ): Promise<readonly OffsetCommitted[]> {
    checkOffsets(group, offsets, stamp)
    if (stamp === undefined) await this.see(group)
    const meant = new MeantPartitions(this.#log)
    const found = await inParallel(offsets, offset => meant.find(offset).catch(onlyLogError))
    const last = new Map<string, number>()
    for (const [index, at] of found.entries()) {
      if (!(at instanceof LogError)) last.set(`${at.topicId}#${at.partition}`, index)
    }
    const indexes = [...last.values()]
    const errors = await inParallel(indexes, index => {
      const at = found[index] as TopicPartition
      return this.put(group, at, async ({ value, date }) => {
        const fault = await commitFault(this.#store, group, at, value, stamp)
        return fault ?? committedRecord(value, stamp, offsets[index], date)
      })
    })
    const byIndex = new Map(indexes.map((index, place) => [index, errors[place]]))
    return offsets.map(({ topic, partition }, index) => {
      const at = found[index]
      const error =
        at instanceof LogError ? at : byIndex.get(last.get(`${at.topicId}#${at.partition}`) ?? index)
      return { topic, partition, ...(error === undefined ? {} : { error }) }
    })
  }

  /** One conditional write: of what `change` makes of what stands, made anew when something else stands. */
  async put(group: string, at: TopicPartition, change: OffsetChange): Promise<LogError | undefined> {
    const cached = this.#cache.get(group, at)
    let known: KnownOffset = cached ?? (await this.#store.offset(group, at))
    let isFresh = cached === undefined
    for (let tries = 1; tries <= CHANGE_TRIES_MAX; tries++) {
      const record = await change(known)
      if (record instanceof LogError) {
        if (isFresh) return record
        // What was remembered is no ground for a refusal.
        known = await this.#store.offset(group, at)
        isFresh = true
        continue
      }
      const item = offsetItem(group, at, record, this.#ports.random.id())
      const { version, date } = known
      const condition = version === undefined ? ({ absent: true } as const) : { version }
      const settled = await settlePut(this.#ports, "meta", item, { condition, notAfter: notAfter(date) })
      if (settled.outcome === "committed") {
        this.#cache.set(group, at, { value: record, version: item.version, date: settled.date })
        if (version === undefined && record.owner === undefined) await this.#store.ensure(group)
        return undefined
      }
      this.#cache.forget(group, at)
      if (settled.outcome === "unknown") {
        return new LogError("outcome_unknown", `partition ${at.partition}: the offset may or may not stand`)
      }
      known = standing(settled.standing, settled.date) ?? (await this.#store.offset(group, at))
      isFresh = true
    }
    return new LogError("overloaded", `partition ${at.partition}: too many commit at once; try again shortly`)
  }

  /** Sees to it that the group is there: once a minute. */
  async see(group: string): Promise<void> {
    const now = this.#ports.clock.elapsed()
    const seen = this.#seen.get(group)
    if (seen !== undefined && now - seen < GROUP_KEPT_MS) return
    await this.#store.ensure(group)
    if (this.#seen.size >= GROUPS_KEPT_MAX) this.#seen.clear()
    this.#seen.set(group, now)
  }

  forget(group: string): void {
    this.#seen.delete(group)
  }

  async steps(all: readonly TransactionOffsets[]): Promise<OffsetSteps> {
    // By item: a transaction may hold each once.
    const steps = new Map<string, TransactionStep>()
    let oldest = Number.POSITIVE_INFINITY
    const meant = new MeantPartitions(this.#log)
    for (const { group, member, memberEpoch, offsets } of all) {
      const stamp = member === undefined ? undefined : { member, memberEpoch: memberEpoch ?? 0 }
      checkOffsets(group, offsets, stamp)
      if (stamp === undefined) await this.#store.ensure(group)
      const found = await inParallel(offsets, offset => meant.find(offset))
      const last = new Map(found.map((at, index) => [`${at.topicId}#${at.partition}`, index]))
      const reads = await inParallel([...last.values()], async index => {
        const at = found[index]
        const read = await this.#store.offset(group, at)
        const fault = await commitFault(this.#store, group, at, read.value, stamp)
        if (fault !== undefined) throw fault
        this.#cache.forget(group, at)
        const record = committedRecord(read.value, stamp, offsets[index], read.date)
        return { read, item: offsetItem(group, at, record, this.#ports.random.id()) }
      })
      for (const { read, item } of reads) {
        oldest = Math.min(oldest, read.date)
        const { version } = read
        const condition = version === undefined ? ({ absent: true } as const) : { version }
        steps.set(`${item.pk} ${item.sk}`, { kind: "put", table: "meta", item, condition })
      }
      // A group must not be forgotten while its first offsets are under way.
      if (reads.some(({ read }) => read.version === undefined)) {
        steps.set(group, await this.#groupCheck(group))
      }
    }
    return { steps: [...steps.values()], date: oldest }
  }

  async #groupCheck(group: string): Promise<TransactionStep> {
    const { version } = await this.#store.group(group)
    if (version === undefined) throw new LogError("overloaded", `group ${group} is being deleted; try again`)
    return { kind: "check", table: "meta", key: groupKey(group), condition: { version } }
  }
}

function standing(item: Item | undefined, date: number): KnownOffset | undefined {
  return item === undefined ? undefined : { value: readOffset(item), version: item.version, date }
}

function onlyLogError(error: unknown): LogError {
  if (error instanceof LogError) return error
  throw error
}

function checkOffsets(group: string, offsets: readonly OffsetCommit[], stamp: MemberStamp | undefined): void {
  checkGroupName(group)
  if (stamp !== undefined) checkMemberName(stamp.member)
  if (offsets.length > OFFSETS_MAX) {
    throw new LogError("invalid_group", `offsets: expected at most ${OFFSETS_MAX}, got ${offsets.length}`)
  }
  for (const { offset, metadata } of offsets) {
    checkOffset(offset)
    if (metadata !== undefined) checkMetadata(metadata)
  }
}
