import * as v from "valibot"
import type { Fetched, Log } from "../../log/types.ts"
import { ApiError } from "../errors.ts"
import { FETCH_BYTES_DEFAULT, REPLY_BYTES_MAX, WAIT_MS_DEFAULT, WAIT_MS_MAX } from "../limits.ts"
import { mediaTypes, negotiate } from "../media-type.ts"
import { integerText, name, offsetText, partitionText } from "../parameters.ts"
import { binaryFormat, jsonFormat, recordsText } from "../records-text.ts"
import { type RouteContext, route } from "../route.ts"
import type { ApiResponse } from "../types.ts"

const query = v.strictObject({
  offset: v.optional(offsetText("The first offset to answer. Default: the log's start.")),
  timestamp: v.optional(
    offsetText("Instead of an offset: from the first record at or after this time, epoch ms."),
  ),
  max_bytes: v.optional(
    integerText(1, REPLY_BYTES_MAX, "Where the reply is cut; it always holds one record. Default 1 MiB."),
  ),
  timeout: v.optional(
    integerText(0, WAIT_MS_MAX, "How long to wait where there is no record yet, ms. Default 1,000."),
  ),
})

type Query = v.InferOutput<typeof query>

const formats = {
  [mediaTypes.json]: jsonFormat,
  [mediaTypes.kafkaJson]: jsonFormat,
  [mediaTypes.kafkaBinary]: binaryFormat,
} as const

const offers = [...Object.keys(formats), mediaTypes.batches]

export const consumedRecords = v.array(
  v.object({
    topic: v.string(),
    key: v.pipe(v.unknown(), v.description("A string, or an object or array as it was; null without a key.")),
    value: v.pipe(
      v.unknown(),
      v.description("The value's own JSON text (binary: base64); null for a tombstone."),
    ),
    partition: v.number(),
    offset: v.number(),
    timestamp: v.number(),
    headers: v.array(v.object({ name: v.string(), value: v.unknown() })),
  }),
)

async function startOffset(log: Log, topicId: string, partition: number, query: Query): Promise<number> {
  if (query.offset !== undefined && query.timestamp !== undefined) {
    throw new ApiError("invalid", "query.timestamp: is given beside query.offset, expected one of them")
  }
  if (query.offset !== undefined) return query.offset
  if (query.timestamp !== undefined) return log.offsetForTimestamp(topicId, partition, query.timestamp)
  return (await log.offsets(topicId, partition)).beginningOffset
}

function reply(type: string, body: ApiResponse["body"], nextOffset: number, fetched: Fetched): ApiResponse {
  const headers = {
    "content-type": type,
    "cache-control": "no-store",
    "millrace-next-offset": String(nextOffset),
    "millrace-end-offset": String(fetched.endOffset),
  }
  return { status: 200, headers, body }
}

function stopSignal(request: { signal?: AbortSignal }, { closing }: RouteContext): AbortSignal {
  return request.signal === undefined ? closing : AbortSignal.any([request.signal, closing])
}

export const consume = route({
  method: "GET",
  path: "/topics/:topic/partitions/:partition/records",
  id: "consume",
  summary: "Read records of a partition",
  description:
    "Answers what there is from an offset on, up to max_bytes; past the end it waits and then answers an empty list. `Millrace-Next-Offset` says where to go on, `Millrace-End-Offset` where the partition ended.",
  access: ({ topic: name }) => [{ kind: "topic", name, action: "read" }],
  schemas: {
    path: v.strictObject({ topic: name("topic"), partition: partitionText }),
    query,
    headers: v.looseObject({ accept: v.optional(v.string()) }),
  },
  answers: {
    200: {
      description:
        "Records; as batches, the stored RecordBatches, the first of which may begin below the offset.",
      content: {
        [mediaTypes.kafkaJson]: consumedRecords,
        [mediaTypes.kafkaBinary]: consumedRecords,
        [mediaTypes.json]: consumedRecords,
        [mediaTypes.batches]: undefined,
      },
    },
    404: { description: "There is no such topic or partition, or the offset is below `start`." },
    406: { description: "`Accept` names another type, or the record at the offset cannot be shown in it." },
  },
  async handle({ request, access, path, query, headers }, context) {
    const { log, quotas } = context
    const type = negotiate(headers.accept, offers)
    if (type === undefined) {
      throw new ApiError(
        "not_acceptable",
        `headers.accept: expected ${offers.join(" or ")}, got ${JSON.stringify(headers.accept)}`,
      )
    }
    const { partition } = path
    const meter = quotas?.request("consume", access.caller)
    const topic = await log.topic(path.topic)
    meter?.topic(topic)
    const offset = await startOffset(log, topic.id, partition, query)
    const bytesMax = query.max_bytes ?? FETCH_BYTES_DEFAULT
    const waitMs = query.timeout ?? WAIT_MS_DEFAULT
    const signal = waitMs > 0 ? stopSignal(request, context) : undefined
    const fetched = await log.fetch(topic.id, partition, { offset, maxBytes: bytesMax, waitMs, signal })
    if (type === mediaTypes.batches) {
      const pieces = fetched.batches.map(batch => batch.bytes)
      meter?.bytes(
        topic.id,
        pieces.reduce((sum, { length }) => sum + length, 0),
      )
      return reply(type, pieces, fetched.nextOffset, fetched)
    }
    const { text, nextOffset } = recordsText(fetched.batches, {
      topic: topic.name,
      partition,
      offset,
      format: formats[type as keyof typeof formats],
      bytesMax,
    })
    meter?.bytes(topic.id, Buffer.byteLength(text))
    return reply(type, text, fetched.batches.length === 0 ? fetched.nextOffset : nextOffset, fetched)
  },
})
