import { LogError } from "./errors.ts"
import { type BatchCodec, CODECS } from "./records/index.ts"
import { PARTITIONS_MAX, type TopicChange, type TopicInfo, type TopicSpec } from "./types.ts"

/** A name's identity: what `definition` allows, and the API's paths carry without escapes. */
export const TOPIC_NAME = /^[a-zA-Z0-9._-]{1,100}$/

type Check = (value: string) => string | undefined

const integerFrom = (least: number): Check => {
  return value =>
    /^-?\d{1,16}$/.test(value) && Number(value) >= least ? undefined : `an integer of at least ${least}`
}

const oneOf = (...values: string[]): Check => {
  return value => (values.includes(value) ? undefined : `one of ${values.join(", ")}`)
}

const rate: Check = value =>
  /^\d{1,12}(?:\.\d{1,3})?$/.test(value) && Number(value) > 0 ? undefined : "a number above 0"

/** Kafka's names. Only what the log acts on, or will without a change of the stored topic, is accepted. */
const CONFIG_CHECKS: Readonly<Record<string, Check>> = {
  "cleanup.policy": oneOf("delete", "compact", "compact,delete"),
  "compression.type": oneOf("producer", "uncompressed", ...CODECS.filter(codec => codec !== "none")),
  "retention.ms": integerFrom(-1),
  "retention.bytes": integerFrom(-1),
  "delete.retention.ms": integerFrom(0),
  "min.compaction.lag.ms": integerFrom(0),
  // Quotas, as Kafka calls them; those of requests are our own.
  producer_byte_rate: rate,
  producer_request_rate: rate,
  consumer_byte_rate: rate,
  consumer_request_rate: rate,
}

/**
 * Throws `invalid_topic` naming every fault with its path.
 * @param partitionsLeast what the topic has already
 */
export function checkTopicSpec(spec: TopicSpec, partitionsLeast = 1): void {
  const faults: string[] = []
  if (!TOPIC_NAME.test(spec.name) || spec.name === "." || spec.name === "..") {
    faults.push("name: expected 1 to 100 of a-z A-Z 0-9 . _ -")
  }
  if (!Number.isInteger(spec.partitions) || spec.partitions < 1 || spec.partitions > PARTITIONS_MAX) {
    faults.push(`partitions: expected an integer from 1 to ${PARTITIONS_MAX}`)
  }
  if (spec.partitions < partitionsLeast) {
    const expected = `expected at least ${partitionsLeast}, got ${spec.partitions}`
    faults.push(`partitions: only grow, since records stay where they are: ${expected}`)
  }
  for (const [name, value] of Object.entries(spec.config ?? {})) {
    const check = CONFIG_CHECKS[name]
    const expected =
      check === undefined ? `one of the names ${Object.keys(CONFIG_CHECKS).join(", ")}` : check(value)
    if (expected !== undefined) faults.push(`config["${name}"]: expected ${expected}`)
  }
  if (faults.length > 0) throw new LogError("invalid_topic", faults.join("; "))
}

/** A topic with what is changed of it. Throws `invalid_topic`. */
export function alteredTopic(before: TopicInfo, { configChanges = {}, ...change }: TopicChange): TopicInfo {
  const config = { ...(change.config ?? before.config) }
  for (const [name, value] of Object.entries(configChanges)) {
    if (value !== null) config[name] = value
    // A default that is asked for by a name that there is not is a fault too.
    else if (name in CONFIG_CHECKS) delete config[name]
    else config[name] = ""
  }
  const next = { ...before, ...change, config }
  checkTopicSpec(next, before.partitions)
  return next
}

/** What the log compresses batches with that it encodes itself. */
export function batchCodec(config: Readonly<Record<string, string>>): BatchCodec {
  const type = config["compression.type"]
  return (CODECS as readonly string[]).includes(type ?? "") ? (type as BatchCodec) : "none"
}

/** Throws `unknown_partition`. */
export function checkPartition(topic: Pick<TopicInfo, "name" | "partitions">, partition: number): void {
  if (Number.isInteger(partition) && partition >= 0 && partition < topic.partitions) return
  throw new LogError(
    "unknown_partition",
    `partition ${partition} of ${topic.name} does not exist: expected 0 to ${topic.partitions - 1}`,
  )
}
