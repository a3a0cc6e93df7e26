import { Connection, type ConnectionOptions } from "../connection.ts"
import { boundsOf, type CommittedOffset, committedOffsets } from "../consumer/offsets.ts"
import type { Place, TopicPartition } from "../types.ts"
import type {
  CreatedTopic,
  GroupDescription,
  GroupLag,
  GroupListing,
  NewTopic,
  OffsetReset,
  TopicDescription,
  TransactionDescription,
} from "./types.ts"

const name = encodeURIComponent

/** Looks after topics, groups and transactions. Nothing of it has to be closed. */
export class Admin {
  readonly #connection: Connection

  /** Throws `invalid`. */
  constructor(options: ConnectionOptions) {
    this.#connection = new Connection(options)
  }

  /** The names of all topics that the caller may see. */
  listTopics(): Promise<readonly string[]> {
    return this.#connection.call("GET", "/topics")
  }

  /** Rejects with `topic_exists`, `invalid_topic`. */
  createTopic({ name: topic, partitions, config, key }: NewTopic): Promise<CreatedTopic> {
    return this.#connection.call("POST", "/topics", { body: { name: topic, partitions, config, key } })
  }

  /** Rejects with `unknown_topic`. */
  async describeTopic(topic: string): Promise<TopicDescription> {
    const answer = await this.#connection.call<{
      name: string
      configs: Readonly<Record<string, string>>
      partitions: readonly unknown[]
    }>("GET", `/topics/${name(topic)}`)
    return { name: answer.name, config: answer.configs, partitions: answer.partitions.length }
  }

  /** Deletes a topic and its records. Rejects with `unknown_topic`, `managed_by_app`. */
  async deleteTopic(topic: string): Promise<void> {
    await this.#connection.call("DELETE", `/topics/${name(topic)}`)
  }

  /** Gives a topic more partitions. Keys may go to others from then on. Rejects with `invalid_topic`, `growth_refused`. */
  async growTopic(topic: string, partitions: number): Promise<void> {
    await this.#connection.call("PATCH", `/topics/${name(topic)}`, { body: { partitions } })
  }

  /** Sets entries of a topic's configuration; null: back to the default. What is not named stays. */
  async alterConfig(topic: string, config: Readonly<Record<string, string | null>>): Promise<void> {
    await this.#connection.call("PATCH", `/topics/${name(topic)}`, { body: { config } })
  }

  /** Deletes the records below an offset; −1: all. Resolves to the log's new start. */
  async deleteRecords({ topic, partition }: TopicPartition, before: number): Promise<number> {
    const path = `/topics/${name(topic)}/partitions/${partition}/delete-records`
    return (await this.#connection.call<{ startOffset: number }>("POST", path, { body: { before } }))
      .startOffset
  }

  /** The first offset that can be read, and the one after the last record. */
  offsets(at: TopicPartition): Promise<{ readonly startOffset: number; readonly endOffset: number }> {
    return boundsOf(this.#connection, at)
  }

  async listGroups(): Promise<readonly GroupListing[]> {
    return (await this.#connection.call<{ groups: readonly GroupListing[] }>("GET", "/groups")).groups
  }

  /** Rejects with `unknown_group`. */
  describeGroup(group: string): Promise<GroupDescription> {
    return this.#connection.call("GET", `/groups/${name(group)}`)
  }

  /** What a group has committed, of one topic or of all. */
  committed(group: string, topic?: string): Promise<readonly CommittedOffset[]> {
    return committedOffsets(this.#connection, group, topic)
  }

  /** How far a group is behind, for each partition that it has committed in. */
  async lag(group: string): Promise<readonly GroupLag[]> {
    return (await this.#connection.call<{ lags: readonly GroupLag[] }>("GET", `/groups/${name(group)}/lag`))
      .lags
  }

  /** Sets a group's offsets, of a partition or of all of a topic, while it has no members. Rejects with `group_in_use`. */
  async resetOffsets(
    group: string,
    resets: readonly (OffsetReset & { readonly to: number | Place })[],
  ): Promise<readonly CommittedOffset[]> {
    const path = `/groups/${name(group)}/offsets`
    const answer = await this.#connection.call<{ offsets: readonly CommittedOffset[] }>("PUT", path, {
      body: { offsets: resets },
    })
    return answer.offsets
  }

  /** Forgets a group and its offsets. Rejects with `unknown_group`, `group_in_use`. */
  async deleteGroup(group: string): Promise<void> {
    await this.#connection.call("DELETE", `/groups/${name(group)}`)
  }

  async listTransactions(): Promise<readonly TransactionDescription[]> {
    const path = "/transactions"
    return (await this.#connection.call<{ transactions: readonly TransactionDescription[] }>("GET", path))
      .transactions
  }

  /** Rejects with `unknown_transaction`. */
  describeTransaction(transactionalId: string): Promise<TransactionDescription> {
    return this.#connection.call("GET", `/transactions/${name(transactionalId)}`)
  }
}
