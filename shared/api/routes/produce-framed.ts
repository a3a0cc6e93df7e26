import * as v from "valibot"
import { BATCH_BYTES_MAX } from "../../log/limits.ts"
import { cutPayload, readFrame } from "../../log/records/index.ts"
import type { AppendPart, AppendResult, Log } from "../../log/types.ts"
import type { Access } from "../auth/access.ts"
import { unsupportedMediaType } from "../body.ts"
import { checkAtDoor } from "../door.ts"
import { errorEntry, isOurs } from "../error-reply.ts"
import { FRAMED_BATCHES_MAX } from "../limits.ts"
import { essence, mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { integerNumber, name, partitionNumber } from "../parameters.ts"
import type { Meter } from "../quotas.ts"
import { registerTogether } from "../register-together.ts"
import { jsonReply } from "../reply.ts"
import { route } from "../route.ts"
import { validate } from "../validate.ts"

const batchHead = v.strictObject({
  topic: name("topic"),
  partition: partitionNumber,
  bytes: integerNumber(1, BATCH_BYTES_MAX, "The batch's length."),
})

const framedHead = v.strictObject({
  batches: v.pipe(
    v.array(batchHead),
    v.minLength(1, "expected at least one batch"),
    v.maxLength(FRAMED_BATCHES_MAX, `expected at most ${FRAMED_BATCHES_MAX} batches`),
  ),
})

type BatchHead = v.InferOutput<typeof batchHead>

const answer = v.object({
  results: v.array(
    v.looseObject({
      partition: v.number(),
      offset: v.optional(v.number()),
      count: v.optional(v.number()),
      error_code: v.optional(v.number()),
      error: v.optional(v.string()),
      reason: v.optional(v.string()),
    }),
  ),
})

type Outcome = { readonly baseOffset: number; readonly count: number } | { readonly error: unknown }

/** The batches of one topic, which fail one by one. */
async function appendTopic(
  topic: string,
  parts: readonly AppendPart[],
  log: Log,
  { access, meter }: { readonly access: Access; readonly meter: Meter | undefined },
): Promise<readonly Outcome[]> {
  try {
    // Before anything is looked up: the refusal must not tell whether there is such a topic.
    access.demand({ kind: "topic", name: topic, action: "write" })
    const info = await log.topic(topic)
    meter?.topic(info)
    for (const part of parts) if ("batch" in part) meter?.bytes(info.id, part.batch.length)
    const refusals = refusalsAtDoor(info, parts)
    const taken = parts.filter((_, index) => refusals[index] === undefined)
    const appended = taken.length === 0 ? [] : [...(await log.append({ topic, parts: taken }))]
    return refusals.map(error => (error === undefined ? (appended.shift() as AppendResult) : { error }))
  } catch (error) {
    return parts.map(() => ({ error }))
  }
}

function refusalsAtDoor(topic: Awaited<ReturnType<Log["topic"]>>, parts: readonly AppendPart[]): unknown[] {
  return parts.map(part => {
    try {
      checkAtDoor(topic, [part])
      return undefined
    } catch (error) {
      return error
    }
  })
}

function resultOf({ partition }: BatchHead, outcome: Outcome): object {
  if (!("error" in outcome)) return { partition, offset: outcome.baseOffset, count: outcome.count }
  return { partition, ...errorEntry(outcome.error) }
}

export const produceFramed = route({
  method: "POST",
  path: "/produce",
  id: "produceFramed",
  summary: "Append encoded batches to many partitions",
  description:
    "The body is framed: 4 bytes big-endian length of the head, the head (JSON), then the Kafka RecordBatches (v2) in the head's order. Batches of one partition are appended in their order. Each is answered by itself; its topic needs `topic:<name>:write`.",
  access: { kind: "topic", some: true, action: "write" },
  schemas: { path: nothing, query: nothing, headers: anyHeaders },
  body: { description: "The framed batches.", required: true, content: { [mediaTypes.framed]: undefined } },
  answers: {
    200: {
      description:
        "One result a batch: its offset and count, or its error in the form of errors, whose message is `error`.",
      content: { [mediaTypes.json]: answer },
    },
    400: { description: "The head is no JSON." },
    415: { description: "The body has another type." },
    422: { description: "The head is wrong, or says other lengths than the body has." },
  },
  async handle({ request, access }, { log, onFailure, quotas }) {
    const meter = quotas?.request("produce", access.caller)
    if (essence(request.headers["content-type"]) !== mediaTypes.framed) {
      throw unsupportedMediaType(request, [mediaTypes.framed])
    }
    const { head, payload } = readFrame(request.body)
    const { batches } = validate("body.head", framedHead, head)
    const bytes = cutPayload(
      payload,
      batches.map(batch => batch.bytes),
    )
    const placed = batches.map(({ topic, partition }, index) => ({ topic, partition, batch: bytes[index] }))
    await registerTogether(placed, log, access)
    const indexes = Map.groupBy(batches.keys(), index => batches[index].topic)
    const results: object[] = new Array(batches.length)
    const takeTopic = async (topic: string, of: readonly number[]): Promise<void> => {
      const parts = of.map(index => ({ partition: batches[index].partition, batch: bytes[index] }))
      const outcomes = await appendTopic(topic, parts, log, { access, meter })
      for (const [at, index] of of.entries()) {
        const outcome = outcomes[at]
        if ("error" in outcome && isOurs(outcome.error)) onFailure?.(outcome.error, request)
        results[index] = resultOf(batches[index], outcome)
      }
    }
    await Promise.all([...indexes].map(([topic, of]) => takeTopic(topic, of)))
    return jsonReply(200, { results })
  },
})
