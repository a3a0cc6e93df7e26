import { LogError } from "../errors.ts"
import type { Log, TopicInfo } from "../types.ts"
import type { TopicPartition } from "./partition-set.ts"

/** Finds the topics that offsets name; each is looked up once. */
export class MeantPartitions {
  readonly #log: Pick<Log, "topic" | "topicById">
  readonly #found = new Map<string, Promise<TopicInfo>>()
  readonly #anew = new Set<string>()

  constructor(log: Pick<Log, "topic" | "topicById">) {
    this.#log = log
  }

  topic(name: string, topicId?: string, anew = false): Promise<TopicInfo> {
    const key = topicId === undefined ? `name ${name}` : `id ${topicId}`
    let found = anew && !this.#anew.has(key) ? undefined : this.#found.get(key)
    if (found === undefined) {
      found = topicId === undefined ? this.#log.topic(name, anew) : this.#log.topicById(topicId, anew)
      this.#found.set(key, found)
      if (anew) this.#anew.add(key)
    }
    return found
  }

  /** Throws `unknown_topic`, `topic_deleted`, `unknown_partition`. */
  async find(meant: {
    readonly topic: string
    readonly topicId?: string
    readonly partition: number
  }): Promise<TopicPartition> {
    const { topic, topicId, partition } = meant
    const isThere = ({ partitions }: TopicInfo) =>
      Number.isInteger(partition) && partition >= 0 && partition < partitions
    let info = await this.topic(topic, topicId)
    // It may have grown since it was last read.
    if (!isThere(info)) info = await this.topic(topic, topicId, true)
    if (isThere(info)) return { topicId: info.id, partition }
    throw new LogError("unknown_partition", `topic ${info.name} has no partition ${partition}`)
  }
}
