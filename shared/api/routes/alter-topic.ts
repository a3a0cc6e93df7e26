import * as v from "valibot"
import { growthFault } from "../../definition/growth.ts"
import { PARTITIONS_MAX } from "../../log/types.ts"
import { jsonBody } from "../body.ts"
import { ApiError } from "../errors.ts"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { name } from "../parameters.ts"
import { kafkaReply } from "../reply.ts"
import { type RouteContext, route } from "../route.ts"
import { topicAnswer, topicShown } from "./get-topic.ts"

const partitionsExpected = `expected an integer, 1 to ${PARTITIONS_MAX}`
const configExpected = "expected text, or null for the default"

const body = v.pipe(
  v.strictObject({
    partitions: v.optional(
      v.pipe(
        v.number(partitionsExpected),
        v.integer(partitionsExpected),
        v.minValue(1, partitionsExpected),
        v.maxValue(PARTITIONS_MAX, partitionsExpected),
        v.description("How many partitions from now on; they only grow."),
      ),
    ),
    config: v.optional(
      v.pipe(
        v.record(v.string(), v.nullable(v.string(configExpected))),
        v.description("Entries of Kafka's topic configuration to set; null: back to the default."),
      ),
    ),
  }),
  v.check(
    ({ partitions, config }) => partitions !== undefined || config !== undefined,
    "expected partitions, config or both",
  ),
)

/** Throws ApiError `growth_refused` where a table or job rests on the number of partitions. */
async function checkGrowth(topic: string, partitions: number, { tables, jobs }: RouteContext): Promise<void> {
  const [specs, items] = await Promise.all([tables.list(), jobs?.list() ?? []])
  const fault = growthFault(
    topic,
    specs,
    items.map(({ item }) => item.definition),
  )
  if (fault === undefined) return
  throw new ApiError("growth_refused", `body.partitions: ${topic} cannot grow to ${partitions}: ${fault}`)
}

export const alterTopic = route({
  method: "PATCH",
  path: "/topics/:topic",
  id: "alterTopic",
  summary: "Give a topic more partitions, or another configuration",
  description:
    "What is not named stays as it is. Keys may go to other partitions once there are more; a producer's requests without a partition go where they went until its epoch changes.",
  access: ({ topic: name }) => [{ kind: "topic", name, action: "admin" }],
  schemas: { path: v.strictObject({ topic: name("topic") }), query: nothing, headers: anyHeaders },
  body: { description: "What changes.", required: true, content: { [mediaTypes.json]: body } },
  answers: {
    200: { description: "The topic as it is now.", content: { [mediaTypes.json]: topicAnswer } },
    404: { description: "There is no such topic." },
    409: {
      description:
        "The topic belongs to an app's definition, or is being deleted; or `growth_refused`: a table with upsert or dedup, or a job with a task for each partition, reads it.",
    },
    422: { description: "A value is wrong, its name is not known, or there would be fewer partitions." },
  },
  async handle({ request, path }, context) {
    const { log, tables } = context
    const { partitions, config: configChanges } = jsonBody(request, body)
    const before = await log.topic(path.topic, true)
    const grows = partitions !== undefined && partitions > before.partitions
    if (grows) await checkGrowth(before.name, partitions, context)
    const change = { ...(partitions === undefined ? {} : { partitions }), configChanges: configChanges ?? {} }
    const topic = await log.alterTopic(path.topic, "http", change)
    if (grows) await tables.followTopic?.(topic)
    return kafkaReply(request, 200, topicShown(topic))
  },
})
