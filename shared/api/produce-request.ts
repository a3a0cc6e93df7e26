import { LogError } from "../log/errors.ts"
import {
  cloudEvents,
  kafkaRecords,
  ndjsonRecords,
  type ParsedRecords,
  partitionForKey,
  readBatchHeader,
  splitBatches,
} from "../log/records/index.ts"
import type { AppendPart, AppendRequest, Log, ProducerStamp } from "../log/types.ts"
import { unsupportedMediaType } from "./body.ts"
import { binaryCloudEvent, isBinaryCloudEvent } from "./cloud-event-headers.ts"
import { ApiError } from "./errors.ts"
import { BATCHES_MAX, REPLIED_RECORDS_MAX } from "./limits.ts"
import { essence, mediaTypes } from "./media-type.ts"
import type { ApiRequest } from "./types.ts"

export interface ProduceInput {
  readonly request: ApiRequest
  readonly topic: string
  /** The path's, where it names one. */
  readonly partition?: number
  /** The field that is an NDJSON record's key. */
  readonly keyField?: string
  readonly summary: boolean
  readonly producer?: ProducerStamp
}

/** What is appended, and what the answer needs to know of it. */
export interface ProducePlan {
  readonly append: AppendRequest
  readonly count: number
  /** How many records each part has. */
  readonly counts: readonly number[]
  /** For each record its part, where there are several parts whose records alternate. */
  readonly partOf: Int32Array | null
}

/** In the place of a media type. */
const BINARY_EVENT = "binary event"

/** Stands for the number of partitions where no record's partition depends on it. */
const NOT_COUNTED = 1

const topicTypes = [
  mediaTypes.json,
  mediaTypes.kafkaJson,
  mediaTypes.kafkaBinary,
  mediaTypes.ndjson,
  mediaTypes.cloudEvent,
  mediaTypes.cloudEvents,
]
const partitionTypes = [...topicTypes, mediaTypes.batches]

/** What keys choose among: for a producer, what it was when its epoch began. */
async function partitionsOf({ topic, producer }: ProduceInput, log: Log): Promise<number> {
  return producer === undefined ? (await log.topic(topic)).partitions : log.pinnedPartitions(topic, producer)
}

/** The media type of the records; `binary event`: a CloudEvent whose data has a type of its own. */
function formatOf({ request, partition }: ProduceInput): string {
  const type = essence(request.headers["content-type"])
  if (!type.startsWith("application/cloudevents") && isBinaryCloudEvent(request)) return BINARY_EVENT
  const expected = partition === undefined ? topicTypes : partitionTypes
  if (!expected.some(known => known === type)) throw unsupportedMediaType(request, expected)
  return type
}

async function parse(input: ProduceInput, type: string, log: Log): Promise<ParsedRecords> {
  const { body } = input.request
  const { partition, keyField } = input
  const chosenByKey = partition === undefined && (type !== mediaTypes.ndjson || keyField !== undefined)
  const partitions = chosenByKey ? await partitionsOf(input, log) : NOT_COUNTED
  if (type === mediaTypes.ndjson) return ndjsonRecords(body, { partitions, partition, keyField })
  if (type === BINARY_EVENT) return binaryCloudEvent(input.request, { partitions, partition })
  if (type === mediaTypes.cloudEvent) return cloudEvents(body, { mode: "event", partitions, partition })
  if (type === mediaTypes.cloudEvents) return cloudEvents(body, { mode: "batch", partitions, partition })
  const format = type === mediaTypes.kafkaBinary ? "binary" : "json"
  return kafkaRecords(body, { format, partitions, partition })
}

/** A producer's records on their one partition. */
async function stamped(parsed: ParsedRecords, producer: ProducerStamp, topic: string, log: Log) {
  const [group] = parsed.groups
  if (group === undefined || parsed.groups.length > 1) {
    throw new LogError(
      "not_one_partition",
      `headers.producer-id: expected records that share one partition, got ${parsed.groups.length}; send each partition's to /topics/${topic}/partitions/{partition}`,
    )
  }
  if (group.partition !== "any") return group
  // Keyless records of a producer stay together, so that its sequence has one meaning.
  const partitions = await log.pinnedPartitions(topic, producer)
  return { partition: partitionForKey(Buffer.from(producer.id), partitions), records: group.records }
}

function batchParts(input: ProduceInput, partition: number): { parts: AppendPart[]; counts: number[] } {
  const { body } = input.request
  if (body.length === 0) throw new LogError("corrupt_batch", "body: expected a record batch, got nothing")
  const batches = splitBatches(body)
  if (batches.length > BATCHES_MAX) {
    throw new ApiError("invalid", `body: expected at most ${BATCHES_MAX} batches, got ${batches.length}`)
  }
  if (input.producer !== undefined && batches.length > 1) {
    throw new ApiError("invalid", `body: expected one batch beside producer headers, got ${batches.length}`)
  }
  return {
    parts: batches.map(batch => ({ partition, batch })),
    counts: batches.map(batch => readBatchHeader(batch).count),
  }
}

function checkCount(count: number, summary: boolean): void {
  if (summary || count <= REPLIED_RECORDS_MAX) return
  throw new ApiError(
    "body_too_large",
    `body: ${count} records need a longer answer than ${REPLIED_RECORDS_MAX} can have; add ?summary, or send fewer`,
    { max: REPLIED_RECORDS_MAX },
  )
}

/**
 * Reads a produce request's body.
 * @throws ApiError `unsupported_media_type`, `invalid`, `body_too_large`; LogError `malformed_json`, `invalid_record`,
 *   `corrupt_batch`, `not_one_partition`, `unknown_topic`
 */
export async function producePlan(input: ProduceInput, log: Log): Promise<ProducePlan> {
  const { topic, partition, producer } = input
  const type = formatOf(input)
  if (input.keyField !== undefined && type !== mediaTypes.ndjson) {
    throw new ApiError("invalid", `query.key: is for ${mediaTypes.ndjson}; other records carry their keys`)
  }
  if (partition !== undefined && type === mediaTypes.batches) {
    const { parts, counts } = batchParts(input, partition)
    const count = counts.reduce((sum, each) => sum + each, 0)
    checkCount(count, input.summary)
    return { append: { topic, parts, producer }, count, counts, partOf: null }
  }
  const parsed = await parse(input, type, log)
  checkCount(parsed.count, input.summary)
  const groups = producer === undefined ? parsed.groups : [await stamped(parsed, producer, topic, log)]
  return {
    append: { topic, parts: groups, producer },
    count: parsed.count,
    counts: groups.map(group => group.records.count),
    partOf: parsed.groupOf,
  }
}
