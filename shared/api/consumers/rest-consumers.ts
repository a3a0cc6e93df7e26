import { LogError } from "../../log/errors.ts"
import { inParallel } from "../../log/groups/in-parallel.ts"
import { topicPattern } from "../../log/groups/topic-pattern.ts"
import type { Subscription } from "../../log/groups/types.ts"
import type { Log } from "../../log/types.ts"
import { ApiError } from "../errors.ts"
import type { Instance, InstanceConfig, InstanceId, Reads } from "./instance.ts"
import { type InstancePorts, InstanceStore } from "./instance-store.ts"
import { INSTANCE_PARTITIONS_MAX } from "./limits.ts"
import { allCommitted, commitPositions, stampOf, subscriptionOf } from "./membership.ts"
import { illegalState, movePositions, positionsOf, type TopicPartition } from "./positions.ts"
import { type ReadOptions, readRecords } from "./read-records.ts"

/** An offset to commit, as requests name it. */
export interface CommitRequest extends TopicPartition {
  /** Of the last record that was worked: the next one is committed. */
  readonly offset: number
  readonly metadata?: string
}

/**
 * Consumers of Kafka REST v2. All of them throw ApiError `unknown_instance`, LogError `outcome_unknown`, `overloaded`, and what
 * groups throw; StorageError.
 */
export class RestConsumers {
  readonly #ports: InstancePorts
  readonly #log: Log
  readonly #store: InstanceStore

  constructor(ports: InstancePorts, log: Log) {
    this.#ports = ports
    this.#log = log
    this.#store = new InstanceStore(ports)
  }

  /** @param name default: a new one. Throws ApiError `instance_exists`. */
  async create(group: string, config: InstanceConfig, name?: string): Promise<InstanceId> {
    const id = { group, name: name ?? `rest-consumer-${this.#ports.random.id()}` }
    await this.#store.create({
      ...id,
      ...config,
      reads: { kind: "nothing" },
      member: "",
      epoch: 0,
      beatAt: 0,
      committedAt: 0,
      positions: [],
    })
    return id
  }

  async remove(id: InstanceId): Promise<void> {
    await this.#store.change(id, async instance => {
      await this.#stop(instance)
      return { instance: undefined, value: undefined }
    })
  }

  /** Throws ApiError `illegal_state` while it reads something of another kind, LogError `invalid_group`. */
  async subscribe(id: InstanceId, subscription: Subscription): Promise<void> {
    if ("pattern" in subscription) topicPattern(subscription.pattern)
    const reads: Reads =
      "pattern" in subscription
        ? { kind: "pattern", pattern: subscription.pattern }
        : { kind: "topics", topics: [...new Set(subscription.topics)] }
    await this.#store.change(id, async instance => {
      checkKind(instance, reads.kind)
      // A member stays the one that it is, and tells what it wants by its next heartbeat.
      const member = instance.member === "" ? this.#member(id) : instance.member
      return { instance: { ...instance, reads, member, beatAt: 0 }, value: undefined }
    })
  }

  async unsubscribe(id: InstanceId): Promise<void> {
    await this.#store.change(id, async instance => {
      await this.#stop(instance)
      const left: Instance = { ...instance, reads: { kind: "nothing" }, member: "", epoch: 0, positions: [] }
      return { instance: left, value: undefined }
    })
  }

  /** The topics that it subscribes to; of a pattern, those that there are. */
  async subscription(id: InstanceId): Promise<readonly string[]> {
    const instance = await this.#look(id)
    const subscription = subscriptionOf(instance)
    if (subscription === undefined) return []
    if ("topics" in subscription) return subscription.topics
    const fits = topicPattern(subscription.pattern)
    return (await this.#log.listTopics()).map(({ name }) => name).filter(fits)
  }

  /** Reads these partitions from now on, as no member of its group. Throws ApiError `illegal_state`, LogError. */
  async assign(id: InstanceId, partitions: readonly TopicPartition[]): Promise<void> {
    if (partitions.length > INSTANCE_PARTITIONS_MAX) {
      const message = `partitions: expected at most ${INSTANCE_PARTITIONS_MAX}, got ${partitions.length}`
      throw new LogError("group_too_large", message)
    }
    const unique = await positionsOf(this.#log, partitions)
    await this.#store.change(id, async instance => {
      checkKind(instance, "partitions")
      await this.#stop(instance)
      const known = new Map(instance.positions.map(at => [`${at.topicId}#${at.partition}`, at]))
      const positions = unique.map(at => known.get(`${at.topicId}#${at.partition}`) ?? at)
      const reads: Reads = { kind: positions.length === 0 ? "nothing" : "partitions" }
      return { instance: { ...instance, reads, positions }, value: undefined }
    })
  }

  async assignment(id: InstanceId): Promise<readonly TopicPartition[]> {
    return (await this.#look(id)).positions.map(({ topic, partition }) => ({ topic, partition }))
  }

  /** Throws ApiError `illegal_state` for a partition that it does not read. */
  async seek(
    id: InstanceId,
    moves: readonly (TopicPartition & { readonly offset: number })[],
  ): Promise<void> {
    await this.#store.change(id, async instance => ({
      instance: movePositions(instance, moves),
      value: undefined,
    }))
  }

  /** As `seek`, to where partitions begin or end now. */
  async seekTo(
    id: InstanceId,
    to: "beginning" | "end",
    partitions: readonly TopicPartition[],
  ): Promise<void> {
    await this.#store.change(id, async instance => {
      // Whether it reads them is asked first: nothing is looked up for who has no business there.
      movePositions(
        instance,
        partitions.map(at => ({ ...at, offset: 0 })),
      )
      const asked = new Set(partitions.map(({ topic, partition }) => `${topic}/${partition}`))
      const moved = instance.positions.filter(({ topic, partition }) => asked.has(`${topic}/${partition}`))
      const moves = await inParallel(moved, async at => {
        const { beginningOffset, lastStableOffset } = await this.#log.offsets(at.topicId, at.partition)
        return { ...at, offset: to === "beginning" ? beginningOffset : lastStableOffset }
      })
      return { instance: movePositions(instance, moves), value: undefined }
    })
  }

  /**
   * Commits what it was given, or the records after those that are named. Throws the first partition's LogError
   * (`fenced_member`, `unknown_topic`, …); others may be committed then.
   */
  async commit(id: InstanceId, offsets?: readonly CommitRequest[]): Promise<void> {
    await this.#store.change(id, async (instance, date) => {
      const { groups } = this.#log
      if (offsets === undefined) {
        const [error] = await commitPositions(groups, instance, instance.positions)
        if (error !== undefined) throw error
        return { instance: allCommitted(instance, date), value: undefined }
      }
      const next = offsets.map(each => ({ ...each, offset: each.offset + 1 }))
      for (const { error } of await groups.commit(id.group, next, stampOf(instance))) {
        if (error !== undefined) throw error
      }
      return { instance, value: undefined }
    })
  }

  /** What the group has committed of these partitions; those without are left out. Throws `unknown_topic`, `unknown_partition`. */
  async committed(id: InstanceId, partitions?: readonly TopicPartition[]) {
    const instance = await this.#look(id)
    const asked = partitions ?? instance.positions
    const wanted = await positionsOf(this.#log, asked)
    const topics = new Set(wanted.map(({ topic }) => topic))
    const found = await inParallel([...topics], topic => this.#log.groups.committed(id.group, topic))
    const known = new Map(found.flat().map(at => [`${at.topicId}#${at.partition}`, at]))
    return wanted.flatMap(({ topicId, partition }) => known.get(`${topicId}#${partition}`) ?? [])
  }

  /**
   * The next records, as JSON.
   * @param format what the caller accepts; undefined: any
   * @throws ApiError `not_acceptable`, `illegal_state`, `not_representable`, and what `readRecords` throws
   */
  async read(
    id: InstanceId,
    format: Instance["format"] | undefined,
    options: Omit<ReadOptions, "giveUpAt"> & { readonly timeoutMs?: number; readonly timeoutMsMax: number },
  ): Promise<{ readonly format: Instance["format"]; readonly text: string }> {
    const { clock } = this.#ports
    const began = clock.elapsed()
    const read = await this.#store.change(id, async (instance, date) => {
      checkReadable(instance, format)
      const giveUpAt = began + Math.min(options.timeoutMs ?? instance.timeoutMs, options.timeoutMsMax)
      const value = await readRecords({ log: this.#log, clock }, instance, date, { ...options, giveUpAt })
      return { instance: value.instance, value }
    })
    if (read.failure !== undefined) throw read.failure
    return { format: read.instance.format, text: read.text }
  }

  /** A bounded step of maintenance. */
  collect(): Promise<number> {
    return this.#store.collect()
  }

  #look(id: InstanceId): Promise<Instance> {
    return this.#store.change(id, async instance => ({ instance, value: instance }))
  }

  /** Fresh for every subscription: what a former one still has under way is not taken for this one's. */
  #member({ name }: InstanceId): string {
    return `${name}-${this.#ports.random.id().slice(0, MEMBER_ID_DIGITS)}`
  }

  /** Commits, if it does so by itself, and leaves its group. */
  async #stop(instance: Instance): Promise<void> {
    const { groups } = this.#log
    if (instance.autoCommit) await commitPositions(groups, instance, instance.positions)
    const stamp = stampOf(instance)
    if (stamp === undefined) return
    await groups.leave(instance.group, stamp).catch((error: unknown) => {
      // Another took its place, or it was gone already.
      const isGone = error instanceof LogError && ["fenced_member", "unknown_member"].includes(error.code)
      if (!isGone) throw error
    })
  }
}

const MEMBER_ID_DIGITS = 12

/** Throws ApiError `illegal_state`. */
function checkKind({ reads }: Instance, kind: Reads["kind"]): void {
  if (reads.kind === "nothing" || reads.kind === kind) return
  throw illegalState("subscription to topics, partitions and pattern are mutually exclusive")
}

/** Throws ApiError `not_acceptable`, `illegal_state`. */
function checkReadable(instance: Instance, format: Instance["format"] | undefined): void {
  if (format !== undefined && format !== instance.format) {
    throw new ApiError(
      "not_acceptable",
      `headers.accept: the consumer instance gives ${instance.format} records, and ${format} ones were asked for`,
    )
  }
  if (instance.reads.kind === "nothing") {
    throw illegalState("consumer is not subscribed to any topics or assigned any partitions")
  }
}
