import * as v from "valibot"
import { mediaTypes } from "./media-type.ts"
import { flag } from "./parameters.ts"
import type { Content } from "./route.ts"

// These describe what the record codec reads: it checks bodies itself, in one pass over their bytes, and a test holds
// both to the same verdicts.

/** Kafka's partition numbers are int32. */
const PARTITION_MAX = 2 ** 31 - 1

const timestamp = v.optional(
  v.nullable(
    v.pipe(
      v.number(),
      v.integer(),
      v.minValue(0),
      v.maxValue(Number.MAX_SAFE_INTEGER),
      v.description("Epoch ms; default: now."),
    ),
  ),
)
const partition = v.optional(
  v.nullable(
    v.pipe(
      v.number(),
      v.integer(),
      v.minValue(0),
      v.maxValue(PARTITION_MAX),
      v.description("Default: by the key's hash."),
    ),
  ),
)
/** RFC 4648 §4; the padding may be missing. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/
const base64 = v.nullable(v.pipe(v.string(), v.regex(BASE64), v.description("Base64.")))
const json = v.pipe(
  v.unknown(),
  v.description("Any JSON value; a string is stored as its UTF-8, null is none."),
)

function records(text: v.GenericSchema, value: v.GenericSchema) {
  const header = v.strictObject({ name: v.string(), value: text })
  const headers = v.optional(v.nullable(v.array(header)))
  const record = v.strictObject({ key: v.optional(text), value, partition, timestamp, headers })
  return v.strictObject({
    records: v.pipe(v.array(record), v.minLength(1, "expected at least one record")),
  })
}

export const jsonRecords = records(
  json,
  v.pipe(v.unknown(), v.description("Any JSON value, kept byte for byte; null: a tombstone.")),
)

export const binaryRecords = records(base64, base64)

const attribute = v.pipe(v.string(), v.minLength(1))

/** One event in the JSON event format; extensions are members beside these. */
const cloudEvent = v.looseObject({
  specversion: v.literal("1.0"),
  id: attribute,
  source: v.pipe(attribute, v.description("A URI, or a reference to one.")),
  type: attribute,
  datacontenttype: v.optional(v.nullable(attribute)),
  dataschema: v.optional(v.nullable(v.pipe(attribute, v.description("A URI.")))),
  subject: v.optional(v.nullable(attribute)),
  time: v.optional(v.nullable(v.pipe(v.string(), v.description("RFC 3339; the record's timestamp.")))),
  partitionkey: v.optional(v.nullable(v.pipe(attribute, v.description("The record's key.")))),
  data: v.optional(v.unknown()),
  data_base64: v.optional(base64),
})

const textContent: Content = {
  [mediaTypes.kafkaJson]: jsonRecords,
  [mediaTypes.json]: jsonRecords,
  [mediaTypes.kafkaBinary]: binaryRecords,
  [mediaTypes.ndjson]: undefined,
  [mediaTypes.cloudEvent]: cloudEvent,
  [mediaTypes.cloudEvents]: v.array(cloudEvent),
}

/** The bodies of a produce request, by media type. */
export const recordBodies = {
  topic: textContent,
  partition: { ...textContent, [mediaTypes.batches]: undefined },
} as const

export const produceQuery = v.strictObject({
  key: v.optional(
    v.pipe(
      v.string(),
      v.minLength(1, "expected a field's name"),
      v.description("NDJSON: the field whose value is the record's key."),
    ),
  ),
  summary: v.optional(flag("Answer one entry a partition, not one a record.")),
  ack: v.optional(
    v.pipe(
      v.picklist(["log", "journal"], issue => `expected log or journal, got ${JSON.stringify(issue.input)}`),
      v.description(
        "What the answer waits for: the log (the default), or the deployment's journal, from which the records are appended soon after. For many small requests; without producer headers.",
      ),
    ),
  ),
})

const offset = v.looseObject({ partition: v.number(), offset: v.nullable(v.number()) })

const entry = v.looseObject({
  partition: v.number(),
  shard: v.nullable(v.string()),
  sequence: v.nullable(v.string()),
  count: v.number(),
})

export const produceAnswers = {
  200: {
    description: "The records are durable. A part that failed says so in its entries.",
    content: { [mediaTypes.json]: v.object({ offsets: v.array(offset) }) },
  },
  202: {
    description:
      "With `ack=journal`: the journal has the records, which are appended once each, those of a partition in the order of their sequences. An entry that failed says so.",
    content: { [mediaTypes.json]: v.object({ entries: v.array(entry) }) },
  },
  403: { description: "`fenced`: the producer's epoch is over." },
  404: { description: "There is no such topic or partition." },
  409: {
    description:
      "`gap`: records before this sequence are missing, `expected` says which comes next; `duplicate`: committed before, a success; `sequence_conflict`: overlaps what is committed.",
  },
  413: { description: "The body, or its answer, would be larger than 4 MiB." },
  415: { description: "The body has another type." },
  422: { description: "A record is wrong, or a producer's records do not share a partition." },
  429: { description: "Too many appends of this producer are in flight." },
  503: {
    description:
      "`outcome_unknown`: it may be committed; the same request with producer headers tells. `overloaded`: nothing was taken; try again.",
  },
} as const
