import type { Ports } from "../storage/time.ts"
import { Appends } from "./appends.ts"
import { Fetches, wakeTopic } from "./fetches.ts"
import { openGroups } from "./groups/open-groups.ts"
import type { Groups } from "./groups/types.ts"
import { DEFAULT_LOG_OPTIONS, type LogOptions } from "./options.ts"
import { Partitions } from "./partitions.ts"
import { ProducerPins } from "./producer-pins.ts"
import { Producers } from "./producers.ts"
import { Reader } from "./reader.ts"
import { type TopicRead, Topics } from "./topics.ts"
import { StoredTransactions } from "./transactions/stored-transactions.ts"
import type { Registrar, TransactionOffsets, Transactions } from "./transactions/types.ts"
import type {
  AppendRequest,
  AppendResult,
  Fetched,
  FetchRequest,
  JournalledAppend,
  JournalledResult,
  Log,
  LogFigures,
  Owner,
  PartitionOffsets,
  ProducerPosition,
  PublishRequest,
  TopicChange,
  TopicInfo,
  TopicSpec,
} from "./types.ts"

/** Opens the log over its ports. Nothing is read until it is asked for. */
export function openLog(ports: Ports, options: Partial<LogOptions> = {}): Log {
  return new StoredLog(ports, { ...DEFAULT_LOG_OPTIONS, ...options })
}

class StoredLog implements Log {
  readonly groups: Groups
  readonly transactions: StoredTransactions
  readonly #ports: Ports
  readonly #topics: Topics
  readonly #producers: Producers
  readonly #pins: ProducerPins
  readonly #partitions: Partitions
  readonly #appends: Appends
  readonly #fetches: Fetches
  readonly #closing = new AbortController()

  constructor(ports: Ports, options: LogOptions) {
    const { signal } = this.#closing
    const topics = new Topics(ports)
    const producers = new Producers(ports)
    const partitions = new Partitions(ports, options, topics, signal)
    const reader = new Reader(ports, partitions.indexes)
    this.#ports = ports
    this.#topics = topics
    this.#producers = producers
    this.#pins = new ProducerPins(ports)
    this.#partitions = partitions
    const registrar: Registrar = {
      registered: (id, epoch, place) => this.transactions.registered(id, epoch, place),
      register: (id, epoch, places) => this.transactions.register(id, epoch, places),
      refusal: (id, epoch) => this.transactions.refusal(id, epoch),
    }
    const appends = new Appends({ ports, options, topics, producers, partitions, reader, registrar, signal })
    this.#appends = appends
    const settle: Transactions["settle"] = async (id, at) =>
      options.settles ? this.transactions.settle(id, at) : false
    this.#fetches = new Fetches(ports, partitions, reader, settle)
    this.groups = openGroups(ports, this)
    const offsetSteps = (offsets: readonly TransactionOffsets[]) => this.groups.offsetSteps(offsets)
    const parts = { ports, options, topics, producers, partitions, appends, reader, offsetSteps }
    this.transactions = new StoredTransactions(parts)
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
      await this.#partitions.appender(marked, partition).close()
      this.#ports.wake.notify(wakeTopic(marked.info.id, partition))
    }
    await this.#topics.free(marked)
  }

  figures(): LogFigures {
    return {
      flushes: this.#appends.flushes.figures(),
      partition: (topicId, partition) => this.#partitions.known(topicId, partition)?.traffic.figures(),
    }
  }

  async recover(): Promise<void> {
    for (const read of await this.#topics.list()) {
      if (read.deleting) await this.#carryThrough(read)
    }
  }

  async createProducer(): Promise<{ id: string; epoch: number }> {
    return { id: String(await this.#producers.create()), epoch: 0 }
  }

  async pinnedPartitions(
    topic: string,
    producer: { readonly id: string; readonly epoch: number },
  ): Promise<number> {
    const { info } = await this.#topics.find(topic)
    await this.#producers.id(producer.id)
    return this.#pins.count(producer, info.id, info.partitions)
  }

  append(request: AppendRequest): Promise<readonly AppendResult[]> {
    return this.#appends.append(request)
  }

  appendJournalled(request: JournalledAppend): Promise<JournalledResult> {
    return this.#appends.appendJournalled(request)
  }

  publish(request: PublishRequest): Promise<void> {
    return this.#appends.publish(request)
  }

  producerPosition(topicId: string, partition: number, producerId: number): Promise<ProducerPosition> {
    return this.#appends.producerPosition(topicId, partition, producerId)
  }

  retireProducer(topicId: string, partition: number, producerId: number): Promise<void> {
    return this.#appends.retireProducer(topicId, partition, producerId)
  }

  assign(topic: TopicInfo): { readonly partition: number; readonly timestamp: number } {
    return this.#appends.assign(topic)
  }

  fetch(topicId: string, partition: number, request: FetchRequest): Promise<Fetched> {
    return this.#fetches.fetch(topicId, partition, request)
  }

  offsets(topicId: string, partition: number): Promise<PartitionOffsets> {
    return this.#fetches.offsets(topicId, partition)
  }

  lastStableOffset(topicId: string, partition: number): Promise<number> {
    return this.#fetches.lastStableOffset(topicId, partition)
  }

  deleteRecords(topicId: string, partition: number, before: number): Promise<number> {
    return this.#fetches.deleteRecords(topicId, partition, before)
  }

  offsetForTimestamp(topicId: string, partition: number, timestamp: number): Promise<number> {
    return this.#fetches.offsetForTimestamp(topicId, partition, timestamp)
  }

  idle(): Promise<void> {
    return this.#appends.idle()
  }

  async close(): Promise<void> {
    await this.#appends.close()
    this.#closing.abort()
  }
}
