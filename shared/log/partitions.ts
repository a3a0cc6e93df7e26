import type { Ports } from "../storage/time.ts"
import { PartitionAppender, type TopicFacts } from "./appender.ts"
import type { LogOptions } from "./options.ts"
import { Rivals, rivalMark } from "./rivals.ts"
import { SegmentIndexes } from "./segments/index-store.ts"
import { batchCodec, checkPartition } from "./topic-config.ts"
import type { TopicRead, Topics } from "./topics.ts"
import { PartitionView } from "./view.ts"

/** What one process knows of partitions, each made when it is first asked for. */
export class Partitions {
  readonly #ports: Ports
  readonly #options: LogOptions
  readonly #topics: Topics
  readonly #signal: AbortSignal
  readonly #appenders = new Map<string, PartitionAppender>()
  /** This process's, in its commit ids. */
  readonly #mark: string
  readonly indexes: SegmentIndexes
  #tickets = 0

  /** @param signal aborts once the log is closed */
  constructor(ports: Ports, options: LogOptions, topics: Topics, signal: AbortSignal) {
    this.#ports = ports
    this.#options = options
    this.#topics = topics
    this.#signal = signal
    this.indexes = new SegmentIndexes(ports)
    this.#mark = rivalMark(ports.random)
  }

  /** Orders arrivals and reads: a read with a later ticket saw whatever was committed before. */
  ticket(): number {
    return ++this.#tickets
  }

  appender(topic: TopicRead, partition: number): PartitionAppender {
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
      const ticket = () => this.ticket()
      const view = new PartitionView(ports, options, topicId, partition, rivals, ticket, this.indexes)
      appender = new PartitionAppender(ports, options, view, facts, this.#signal)
      this.#appenders.set(key, appender)
    }
    return appender
  }

  /** What this process has of a partition, without a read. */
  known(topicId: string, partition: number): PartitionView | undefined {
    return this.#appenders.get(`${topicId}#${partition}`)?.view
  }

  /** The view of a partition that writers and readers share, read since this call. */
  async view(topicId: string, partition: number): Promise<PartitionView> {
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
}
