import type { Ports } from "../storage/time.ts"
import { type AppendContent, appendContent, publishedContent } from "./append-content.ts"
import type { PartitionAppender } from "./appender.ts"
import { LogError } from "./errors.ts"
import { wakeTopic } from "./fetches.ts"
import { Flusher } from "./flusher.ts"
import { findProducer } from "./fold.ts"
import { slotfuls } from "./journal/batch-groups.ts"
import { checkKeys } from "./keyed-records.ts"
import {
  APPEND_TIMEOUT_MS,
  ASSIGNED_MS,
  PRODUCER_APPENDS_KEPT,
  QUEUED_APPENDS_MAX,
  QUEUED_BYTES_MAX,
  SEQUENCE_MODULUS,
} from "./limits.ts"
import type { LogOptions } from "./options.ts"
import type { Partitions } from "./partitions.ts"
import { type Marker, PendingAppend } from "./pending.ts"
import { ProducerAdmission } from "./producer-admission.ts"
import type { Producers } from "./producers.ts"
import type { Reader } from "./reader.ts"
import { checkPartition } from "./topic-config.ts"
import type { TopicRead, Topics } from "./topics.ts"
import { FlushMeter } from "./traffic.ts"
import type { Registrar, TopicPartition } from "./transactions/types.ts"
import type {
  AppendPart,
  AppendRequest,
  AppendResult,
  JournalledAppend,
  JournalledResult,
  ProducerPosition,
  PublishRequest,
  TopicInfo,
} from "./types.ts"

/** What appends need of the log. */
export interface AppendsOptions {
  readonly ports: Ports
  readonly options: LogOptions
  readonly topics: Topics
  readonly producers: Producers
  readonly partitions: Partitions
  /** Is told what has just been written. */
  readonly reader: Reader
  readonly registrar: Registrar
  /** Aborts once the log is closed. */
  readonly signal: AbortSignal
}

/** The log's writing half: what comes in is checked, waits at its partition and is answered once its slot stands. */
export class Appends {
  readonly #ports: Ports
  readonly #topics: Topics
  readonly #producers: Producers
  readonly #partitions: Partitions
  readonly #flusher: Flusher
  readonly #admission: ProducerAdmission
  readonly flushes = new FlushMeter()
  /** The partition that each topic's keyless records go to for a while. */
  readonly #sticky = new Map<string, number>()
  /** The partition that each topic's records are assigned to, and until when by the own clock. */
  readonly #assigned = new Map<string, { readonly partition: number; readonly until: number }>()
  #queuedBytes = 0
  #closed = false

  constructor(parts: AppendsOptions) {
    const { ports, options, topics, producers, partitions, reader, registrar, signal } = parts
    this.#ports = ports
    this.#admission = new ProducerAdmission(producers, registrar)
    this.#topics = topics
    this.#producers = producers
    this.#partitions = partitions
    this.#flusher = new Flusher(ports, options, signal, {
      taken: appender => {
        if (options.stickyUntil === "rivals" && appender.view.rivals.present() === 0) return
        if (this.#sticky.get(appender.view.topicId) === appender.view.partition) {
          this.#sticky.delete(appender.view.topicId)
        }
      },
      flushed: appender => {
        ports.wake.notify(wakeTopic(appender.view.topicId, appender.view.partition))
      },
      uploaded: (key, offset, batches) => reader.keep(key, offset, batches),
      ended: (slots, tookMs) => this.flushes.ended(slots, tookMs),
    })
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
          return await this.#enqueue(
            await this.#topics.having(partition, topic),
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
    const content = appendContent(part, producer)
    checkKeys(topic.info, part)
    await this.#admission.check(content, { topicId: topic.info.id, partition })
    const result = await this.#queue(topic, partition, content, arrivedAt)
    return "error" in result ? this.#admission.refused(content, result) : result
  }

  /**
   * Writes the end of a transaction into a partition, unless it stands there already; a partition that is closed needs none.
   * @param readAt store time of the read that found the transaction decided, epoch ms
   * Throws `LogError` (`outcome_unknown`, `overloaded`).
   */
  async mark({ topicId, partition }: TopicPartition, marker: Marker, readAt: number): Promise<void> {
    if (this.#closed) throw new LogError("overloaded", "the log is closing")
    const arrivedAt = this.#ports.clock.elapsed()
    const found = await this.#topics
      .findById(topicId)
      .then(read => this.#topics.having(partition, read))
      .catch(onlyGone)
    if (found === undefined) return
    const topic = { ...found, date: Math.min(found.date, readAt) }
    const waiting = { content: { marker }, count: 1, bytesMax: marker.bytes.length, range: undefined }
    const result = await this.#queue(topic, partition, waiting, arrivedAt)
    if ("error" in result && !isDeleted(result)) throw result.error
  }

  async appendJournalled(request: JournalledAppend): Promise<JournalledResult> {
    const { topicId, partition, shard, batches } = request
    let appended = 0
    // One after the other: what follows may only stand once what is before it does.
    for (const run of slotfuls(batches)) {
      if (this.#closed) throw new LogError("overloaded", "the log is closing")
      const arrivedAt = this.#ports.clock.elapsed()
      const topic = await this.#topics.findById(topicId)
      // Whoever delivers reads the topic again, once for all entries.
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
      const found = await this.#topics.having(partition, await this.#topics.findById(topicId))
      const topic = { ...found, date: Math.min(found.date, readAt) }
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
    const { state, pk } = await this.#partitions.view(topicId, partition)
    if (state === undefined) throw new LogError("overloaded", `${pk}: try again`)
    const last = findProducer(state, producerId)?.appends.at(-1)
    const nextSequence = last === undefined ? 0 : (last.last + 1) % SEQUENCE_MODULUS
    return { nextSequence, retired: state.tombstones.has(producerId) }
  }

  async retireProducer(topicId: string, partition: number, producerId: number): Promise<void> {
    const topic = await this.#topics.having(partition, await this.#topics.findById(topicId))
    await this.#partitions.appender(topic, partition).retire(producerId)
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

  /**
   * Runs work that writes slots of these partitions itself: what this process appends to them meanwhile waits, and goes on
   * afterwards. Throws `overloaded` where one is not to be had.
   */
  async exclusively<T>(appenders: readonly PartitionAppender[], work: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new LogError("overloaded", "the log is closing")
    return this.#flusher.track(this.#exclusively(appenders, work))
  }

  async #exclusively<T>(appenders: readonly PartitionAppender[], work: () => Promise<T>): Promise<T> {
    const inOrder = [...appenders].sort((left, right) => (left.view.pk < right.view.pk ? -1 : 1))
    const taken: PartitionAppender[] = []
    try {
      for (const appender of inOrder) {
        await this.#taken(appender)
        taken.push(appender)
      }
      return await work()
    } finally {
      for (const appender of taken) this.#flusher.give(appender)
    }
  }

  /** A partition whose slot is undecided for long is not waited for. */
  async #taken(appender: PartitionAppender): Promise<void> {
    const timer = new AbortController()
    const take = this.#flusher.take(appender).then(() => true)
    const late = this.#ports.clock.sleep(APPEND_TIMEOUT_MS, timer.signal).then(() => false)
    const has = await Promise.race([take, late])
    timer.abort()
    if (has) return
    void take.then(() => this.#flusher.give(appender))
    throw new LogError("overloaded", `${appender.view.pk}: another append is undecided; try again shortly`)
  }

  #queue(
    topic: TopicRead,
    partition: number,
    content: AppendContent,
    arrivedAt: number,
  ): Promise<AppendResult> {
    const appender = this.#partitions.appender(topic, partition)
    this.#admit(appender, content)
    const endBefore = appender.view.state?.end ?? 0
    return new Promise(resolve => {
      const append = new PendingAppend({
        ...content,
        partition,
        ticket: this.#partitions.ticket(),
        arrivedAt,
        date: topic.date,
        resolve: result => {
          this.#queuedBytes -= content.bytesMax
          appender.inFlight(content.range, -1)
          this.#flusher.answered(append)
          appender.view.traffic.answered(result, endBefore)
          resolve(result)
        },
      })
      this.#queuedBytes += content.bytesMax
      appender.inFlight(content.range, 1)
      appender.queue.push(append)
      this.#flusher.kick(appender, append)
    })
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

  /** Resolves once nothing is being written but slots whose outcome is undecided. */
  idle(): Promise<void> {
    return this.#flusher.idle()
  }

  /** Takes nothing more and resolves once every flush under way has ended. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#flusher.drained()
  }
}

/** A partition that is closed, or never was. */
function onlyGone(error: unknown): undefined {
  if (error instanceof LogError && (error.code === "topic_deleted" || error.code === "unknown_partition")) {
    return undefined
  }
  throw error
}

function isDeleted(result: AppendResult): boolean {
  return "error" in result && result.error.code === "topic_deleted"
}

function isUnknown(result: AppendResult): boolean {
  return "error" in result && result.error.code === "outcome_unknown"
}
