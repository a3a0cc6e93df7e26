import type { Ports } from "../storage/time.ts"
import { PartitionAppender, type TopicFacts, topicDeleted } from "./appender.ts"
import { LogError } from "./errors.ts"
import { Flusher } from "./flusher.ts"
import { findProducer, lastStableOffset } from "./fold.ts"
import { slotfuls } from "./journal/batch-groups.ts"
import { lastSequence } from "./judge.ts"
import {
  ASSIGNED_MS,
  BATCH_BYTES_MAX,
  PRODUCER_APPENDS_KEPT,
  PRODUCER_EPOCH_MAX,
  QUEUED_APPENDS_MAX,
  QUEUED_BYTES_MAX,
  RESERVED_PRODUCER_IDS,
  SEQUENCE_MODULUS,
} from "./limits.ts"
import { DEFAULT_LOG_OPTIONS, type LogOptions } from "./options.ts"
import { PendingAppend } from "./pending.ts"
import { Producers } from "./producers.ts"
import { Reader } from "./reader.ts"
import { NO_PRODUCER_ID, type VerifiedBatch, verifyBatch } from "./records/index.ts"
import { Rivals, rivalMark } from "./rivals.ts"
import type { ProducerRange } from "./slot.ts"
import { batchCodec, checkPartition } from "./topic-config.ts"
import { type TopicRead, Topics } from "./topics.ts"
import type {
  AppendPart,
  AppendRequest,
  AppendResult,
  Fetched,
  FetchRequest,
  JournalledAppend,
  JournalledResult,
  Log,
  Owner,
  PartitionOffsets,
  ProducerPosition,
  PublishRequest,
  TopicChange,
  TopicInfo,
  TopicSpec,
} from "./types.ts"
import { PartitionView } from "./view.ts"

/** Opens the log over its ports. Nothing is read until it is asked for. */
export function openLog(ports: Ports, options: Partial<LogOptions> = {}): Log {
  return new StoredLog(ports, { ...DEFAULT_LOG_OPTIONS, ...options })
}

class StoredLog implements Log {
  readonly #ports: Ports
  readonly #options: LogOptions
  readonly #topics: Topics
  readonly #producers: Producers
  readonly #reader: Reader
  readonly #flusher: Flusher
  readonly #closing = new AbortController()
  readonly #appenders = new Map<string, PartitionAppender>()
  /** This process's, in its commit ids. */
  readonly #mark: string
  /** The partition that each topic's keyless records go to for a while. */
  readonly #sticky = new Map<string, number>()
  /** The partition that each topic's records are assigned to, and until when by the own clock. */
  readonly #assigned = new Map<string, { readonly partition: number; readonly until: number }>()
  #tickets = 0
  #queuedBytes = 0
  #closed = false

  constructor(ports: Ports, options: LogOptions) {
    this.#ports = ports
    this.#options = options
    this.#mark = rivalMark(ports.random)
    this.#topics = new Topics(ports)
    this.#producers = new Producers(ports)
    this.#reader = new Reader(ports)
    this.#flusher = new Flusher(ports, options, this.#closing.signal, {
      taken: appender => {
        if (options.stickyUntil === "rivals" && appender.view.rivals.present() === 0) return
        if (this.#sticky.get(appender.view.topicId) === appender.view.partition) {
          this.#sticky.delete(appender.view.topicId)
        }
      },
      flushed: appender => {
        ports.wake.notify(wakeTopic(appender.view.topicId, appender.view.partition))
      },
      uploaded: (key, offset, batches) => this.#reader.keep(key, offset, batches),
    })
  }

  createTopic(spec: TopicSpec): Promise<TopicInfo> {
    return this.#topics.create(spec)
  }

  async listTopics(): Promise<readonly TopicInfo[]> {
    return (await this.#topics.list()).filter(read => !read.deleting).map(read => read.info)
  }

  async topic(name: string, anew = false): Promise<TopicInfo> {
    return (await this.#topics.find(name, anew)).info
  }

  async topicById(id: string, anew = false): Promise<TopicInfo> {
    return (await this.#topics.findById(id, anew)).info
  }

  alterTopic(name: string, by: Owner, change: TopicChange): Promise<TopicInfo> {
    return this.#topics.alter(name, by, change)
  }

  async deleteTopic(name: string, by: Owner): Promise<void> {
    await this.#carryThrough(await this.#topics.mark(name, by))
  }

  /** Closes a marked topic. It goes by id and version: the name may stand for another topic by now. */
  async #carryThrough(marked: TopicRead): Promise<void> {
    for (let partition = 0; partition < marked.info.partitions; partition++) {
      await this.#appender(marked, partition).close()
      this.#ports.wake.notify(wakeTopic(marked.info.id, partition))
    }
    await this.#topics.free(marked)
  }

  async recover(): Promise<void> {
    for (const read of await this.#topics.list()) {
      if (read.deleting) await this.#carryThrough(read)
    }
  }

  async createProducer(): Promise<{ id: string; epoch: number }> {
    return { id: String(await this.#producers.create()), epoch: 0 }
  }

  async append(request: AppendRequest): Promise<readonly AppendResult[]> {
    if (this.#closed) throw new LogError("overloaded", "the log is closing")
    const arrivedAt = this.#ports.clock.elapsed()
    const { topicId } = request
    const topic = await (topicId === undefined
      ? this.#topics.find(request.topic)
      : this.#topics.findById(topicId))
    const results = await this.#appendTo(topic, request, arrivedAt)
    // What was known of the topic may be old without our clock's knowing.
    if (results.some(isUnknown)) this.#topics.forget(topic.info.name)
    if (topicId !== undefined || !results.some(isDeleted)) return results
    // The name may stand for another topic by now: look again, once, for what the closed one did not take.
    const now = await this.#topics.find(request.topic, true).catch((error: unknown) => {
      if (results.every(isDeleted)) throw error
    })
    if (now === undefined || now.info.id === topic.info.id) return results
    const parts = request.parts.filter((_, index) => isDeleted(results[index]))
    const again = [...(await this.#appendTo(now, { ...request, parts }, arrivedAt))]
    return results.map(result => (isDeleted(result) ? again.shift()! : result))
  }

  async #appendTo(
    topic: TopicRead,
    request: AppendRequest,
    arrivedAt: number,
  ): Promise<readonly AppendResult[]> {
    const producer = request.producer
    if (producer !== undefined && request.parts.length !== 1) {
      throw new LogError("not_one_partition", "a request of a producer must land on one partition")
    }
    const id = producer === undefined ? undefined : await this.#producers.id(producer.id)
    return Promise.all(
      request.parts.map(async part => {
        const partition = part.partition === "any" ? this.#stickyPartition(topic.info) : part.partition
        try {
          checkPartition(topic.info, partition)
          return await this.#enqueue(
            topic,
            partition,
            part,
            id === undefined ? undefined : { ...producer!, id },
            arrivedAt,
          )
        } catch (error) {
          if (error instanceof LogError) return { partition, error }
          throw error
        }
      }),
    )
  }

  async #enqueue(
    topic: TopicRead,
    partition: number,
    part: AppendPart,
    producer: { id: number; epoch: number; sequence: number } | undefined,
    arrivedAt: number,
  ): Promise<AppendResult> {
    return this.#queue(topic, partition, await this.#content(part, producer), arrivedAt)
  }

  async appendJournalled(request: JournalledAppend): Promise<JournalledResult> {
    const { topicId, partition, shard, batches } = request
    let appended = 0
    // One after the other: what follows may only stand once what is before it does.
    for (const run of slotfuls(batches)) {
      if (this.#closed) throw new LogError("overloaded", "the log is closing")
      const arrivedAt = this.#ports.clock.elapsed()
      const topic = await this.#topics.findById(topicId)
      checkPartition(topic.info, partition)
      const content = { journalled: { shard, batches: run } }
      const [count, bytesMax] = [run.length, run.reduce((sum, { bytes }) => sum + bytes.length, 0)]
      const waiting = { content, count, bytesMax, range: undefined }
      const result = await this.#queue(topic, partition, waiting, arrivedAt)
      if ("error" in result) {
        if (isUnknown(result)) this.#topics.forget(topic.info.name)
        throw result.error
      }
      appended += result.count
    }
    return { appended, skipped: batches.length - appended }
  }

  async publish(request: PublishRequest): Promise<void> {
    const { topicId, partition, batches, readAt } = request
    // As many at once as the fold remembers: a repeat of any of them is recognised.
    for (let from = 0; from < batches.length; from += PRODUCER_APPENDS_KEPT) {
      if (this.#closed) throw new LogError("overloaded", "the log is closing")
      const arrivedAt = this.#ports.clock.elapsed()
      const found = await this.#topics.findById(topicId)
      const topic = { ...found, date: Math.min(found.date, readAt) }
      checkPartition(topic.info, partition)
      const results = await Promise.all(
        batches
          .slice(from, from + PRODUCER_APPENDS_KEPT)
          .map(bytes => this.#queue(topic, partition, publishedContent(bytes), arrivedAt)),
      )
      for (const result of results) {
        // Of a task's results, what is older than its last ones was published long since.
        if ("error" in result && result.error.code !== "duplicate") throw result.error
      }
    }
  }

  async producerPosition(topicId: string, partition: number, producerId: number): Promise<ProducerPosition> {
    const { state, pk } = await this.#view(topicId, partition)
    if (state === undefined) throw new LogError("overloaded", `${pk}: try again`)
    const last = findProducer(state, producerId)?.appends.at(-1)
    const nextSequence = last === undefined ? 0 : (last.last + 1) % SEQUENCE_MODULUS
    return { nextSequence, retired: state.tombstones.has(producerId) }
  }

  async retireProducer(topicId: string, partition: number, producerId: number): Promise<void> {
    const topic = await this.#topics.findById(topicId)
    checkPartition(topic.info, partition)
    await this.#appender(topic, partition).retire(producerId)
    this.#ports.wake.notify(wakeTopic(topicId, partition))
  }

  assign(topic: TopicInfo): { readonly partition: number; readonly timestamp: number } {
    const elapsed = this.#ports.clock.elapsed()
    let assigned = this.#assigned.get(topic.id)
    if (assigned === undefined || assigned.until <= elapsed || assigned.partition >= topic.partitions) {
      const partition = this.#ports.random.integer(topic.partitions)
      assigned = { partition, until: elapsed + ASSIGNED_MS }
      this.#assigned.set(topic.id, assigned)
    }
    return { partition: assigned.partition, timestamp: this.#ports.clock.now() }
  }

  #queue(
    topic: TopicRead,
    partition: number,
    content: Pick<PendingAppend, "content" | "count" | "bytesMax" | "range">,
    arrivedAt: number,
  ): Promise<AppendResult> {
    const appender = this.#appender(topic, partition)
    this.#admit(appender, content)
    return new Promise(resolve => {
      const append = new PendingAppend({
        ...content,
        partition,
        ticket: ++this.#tickets,
        arrivedAt,
        date: topic.date,
        resolve: result => {
          this.#queuedBytes -= content.bytesMax
          appender.inFlight(content.range, -1)
          this.#flusher.answered(append)
          resolve(result)
        },
      })
      this.#queuedBytes += content.bytesMax
      appender.inFlight(content.range, 1)
      appender.queue.push(append)
      this.#flusher.kick(appender, append)
    })
  }

  async #content(
    part: AppendPart,
    producer: { id: number; epoch: number; sequence: number } | undefined,
  ): Promise<Pick<PendingAppend, "content" | "count" | "bytesMax" | "range">> {
    if ("records" in part) {
      const { records } = part
      const { count, bytesMax } = records
      const range = producer === undefined ? undefined : rangeOf(producer, count)
      return { content: { records }, count, bytesMax, range }
    }
    if (producer !== undefined) {
      throw new LogError("invalid_producer", "an encoded batch names its producer itself, not in headers")
    }
    const bytes = part.batch
    if (bytes.length > BATCH_BYTES_MAX) {
      throw new LogError(
        "record_too_large",
        `the batch has ${bytes.length} bytes, at most ${BATCH_BYTES_MAX}`,
      )
    }
    const batch = verifyBatch(bytes)
    const { count, minTimestamp, maxTimestamp } = batch
    const range = await this.#batchRange(batch)
    return { content: { batch: { bytes, minTimestamp, maxTimestamp } }, count, bytesMax: bytes.length, range }
  }

  async #batchRange(batch: VerifiedBatch): Promise<ProducerRange | undefined> {
    const { producerId: id, producerEpoch: epoch, baseSequence: sequence } = batch
    if (batch.transactional)
      throw new LogError("invalid_producer", "the batch belongs to a transaction: not supported")
    if (id === NO_PRODUCER_ID) return undefined
    if (!(await this.#producers.isGiven(id))) {
      throw new LogError(
        "invalid_producer",
        `producer id ${id} was not given out: ask POST /producers for one`,
      )
    }
    return rangeOf({ id, epoch, sequence }, batch.count)
  }

  /** Bounds what waits: refusing early is kinder than answering late. */
  #admit(appender: PartitionAppender, content: Pick<PendingAppend, "bytesMax" | "range">): void {
    if (
      this.#queuedBytes + content.bytesMax > QUEUED_BYTES_MAX ||
      appender.queue.length >= QUEUED_APPENDS_MAX
    ) {
      throw new LogError("overloaded", "too many appends are waiting; try again shortly")
    }
    if (appender.inFlight(content.range, 0) >= PRODUCER_APPENDS_KEPT) {
      throw new LogError(
        "too_many_in_flight",
        `at most ${PRODUCER_APPENDS_KEPT} appends of a producer at once`,
      )
    }
  }

  #stickyPartition(topic: TopicInfo): number {
    let partition = this.#sticky.get(topic.id)
    if (partition === undefined) {
      partition = this.#ports.random.integer(topic.partitions)
      this.#sticky.set(topic.id, partition)
    }
    return partition
  }

  #appender(topic: TopicRead, partition: number): PartitionAppender {
    const facts = { codec: batchCodec(topic.info.config) }
    const appender = this.#appenderOf(topic.info.id, partition, facts)
    appender.facts = facts
    return appender
  }

  #appenderOf(topicId: string, partition: number, facts: TopicFacts): PartitionAppender {
    const key = `${topicId}#${partition}`
    const ports = this.#ports
    const options = this.#options
    let appender = this.#appenders.get(key)
    if (appender === undefined) {
      const rivals = new Rivals(ports, this.#mark, options.rivalWaitPuts)
      const view = new PartitionView(ports, options, topicId, partition, rivals, () => ++this.#tickets)
      appender = new PartitionAppender(ports, options, view, facts, this.#closing.signal)
      this.#appenders.set(key, appender)
    }
    return appender
  }

  /** The view of a partition that readers use too, read since this call. */
  async #view(topicId: string, partition: number): Promise<PartitionView> {
    let appender = this.#appenders.get(`${topicId}#${partition}`)
    if (appender === undefined) {
      const { name, partitions } = await this.#topics.partitionsOf(topicId)
      checkPartition({ name, partitions }, partition)
      appender = this.#appenderOf(topicId, partition, { codec: "none" })
    }
    // Again, should a write that came to nothing have dropped it just then.
    do await appender.view.catchUp()
    while (appender.view.state === undefined)
    return appender.view
  }

  async fetch(topicId: string, partition: number, request: FetchRequest): Promise<Fetched> {
    const { waitMs = 0, signal } = request
    const giveUpAt = this.#ports.clock.elapsed() + waitMs
    for (;;) {
      const left = giveUpAt - this.#ports.clock.elapsed()
      // The wait begins before the read, so that no hint falls between the two.
      const waiting = left > 0 ? new AbortController() : undefined
      const hint = waiting && this.#ports.wake.wait(wakeTopic(topicId, partition), left, waiting.signal)
      const stop = () => waiting?.abort()
      signal?.addEventListener("abort", stop)
      try {
        const view = await this.#view(topicId, partition)
        const fetched = await this.#reader.fetch(view, request)
        if (fetched.nextOffset > request.offset || signal?.aborted === true) return fetched
        if (view.state?.closed === true) throw topicDeleted(view.pk)
        if (hint === undefined) return fetched
        await hint
      } finally {
        signal?.removeEventListener("abort", stop)
        stop()
      }
    }
  }

  async offsets(topicId: string, partition: number): Promise<PartitionOffsets> {
    const { state, pk } = await this.#view(topicId, partition)
    if (state === undefined) throw new LogError("overloaded", `${pk}: try again`)
    return { beginningOffset: 0, endOffset: state.end, lastStableOffset: lastStableOffset(state) }
  }

  async offsetForTimestamp(topicId: string, partition: number, timestamp: number): Promise<number> {
    return this.#reader.offsetForTimestamp(await this.#view(topicId, partition), timestamp)
  }

  idle(): Promise<void> {
    return this.#flusher.idle()
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#flusher.drained()
    this.#closing.abort()
  }
}

/** What a hint about new records of a partition is called. */
export function wakeTopic(topicId: string, partition: number): string {
  return `log/${topicId}/${partition}`
}

/** A task's batch as it waits: its producer is in it, reserved, and was never given out. */
function publishedContent(
  bytes: Uint8Array,
): Pick<PendingAppend, "content" | "count" | "bytesMax" | "range"> {
  const batch = verifyBatch(bytes)
  const { count, minTimestamp, maxTimestamp, producerId: id, producerEpoch: epoch, baseSequence } = batch
  if (id < RESERVED_PRODUCER_IDS) {
    throw new LogError("invalid_producer", `producer id ${id}: expected a reserved one`)
  }
  const range = rangeOf({ id, epoch, sequence: baseSequence }, count)
  return { content: { batch: { bytes, minTimestamp, maxTimestamp } }, count, bytesMax: bytes.length, range }
}

function isDeleted(result: AppendResult): boolean {
  return "error" in result && result.error.code === "topic_deleted"
}

function isUnknown(result: AppendResult): boolean {
  return "error" in result && result.error.code === "outcome_unknown"
}

function rangeOf(producer: { id: number; epoch: number; sequence: number }, count: number): ProducerRange {
  const { id, epoch, sequence } = producer
  const valid =
    Number.isInteger(epoch) &&
    epoch >= 0 &&
    epoch <= PRODUCER_EPOCH_MAX &&
    Number.isInteger(sequence) &&
    sequence >= 0 &&
    sequence < SEQUENCE_MODULUS
  if (!valid) throw new LogError("invalid_producer", `epoch ${epoch}, sequence ${sequence}: out of range`)
  return { id, epoch, firstSequence: sequence, lastSequence: lastSequence(sequence, count) }
}
